"""English numbers in words, as they are said in America: without "and"."""

from __future__ import annotations

from vocable.text.normal.numerals import Numerals

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("quadrillion", "trillion", "billion", "million", "thousand")
_ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth"},
    **{"nine": "ninth", "twelve": "twelfth"},
}


def cardinal(number: int) -> str:
    """Return a whole number from 0 to 10^18 - 1 in words: 121 is "one hundred twenty-one"."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_SMALL[hundreds]} hundred" + (f" {cardinal(rest)}" if rest else "")
    parts = []
    for power, scale in zip(range(15, 0, -3), _SCALES, strict=True):
        count, number = divmod(number, 10**power)
        parts += [f"{cardinal(count)} {scale}"] if count else []
    return " ".join([*parts, cardinal(number)] if number else parts)


def ordinal(number: int) -> str:
    """Return the ordinal of a whole number: 21 is "twenty-first"."""
    words = cardinal(number)
    start = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[start:]
    if last.endswith("y"):
        return words[:-1] + "ieth"
    return words[:start] + _ORDINALS.get(last, last.removesuffix("t") + "th")


def year(number: int) -> str:
    """Return a year: 1905 is "nineteen oh five", 2000 is "two thousand"."""
    century, rest = divmod(number, 100)
    if number < 1000 or number > 9999 or century % 10 == 0 and rest < 10:
        return cardinal(number)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def plural(word: str) -> str:
    """Return the plural of a number word: "six" is "sixes", "ninety" is "nineties"."""
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("x") else "s")


NUMERALS = Numerals(
    *(cardinal, _SMALL[:10], ",", ".", "point"),
    {"-": "minus", "+": "plus", "±": "plus or minus"},
)
