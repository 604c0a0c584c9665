"""German numbers in words."""

from __future__ import annotations

from vocable.text.normal.numerals import Numerals

_SMALL = (
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    *("elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn"),
    "neunzehn",
)
_TENS = (
    *("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig"),
    "neunzig",
)
_SCALES = ("Billiarde", "Billion", "Milliarde", "Million")
_ORDINALS = {"eins": "erste", "drei": "dritte", "sieben": "siebte", "acht": "achte"}


def cardinal(number: int) -> str:
    """Return a whole number from 0 to 10^18 - 1 in words: 21 is "einundzwanzig"."""
    parts = []
    for power, scale in zip(range(15, 3, -3), _SCALES, strict=True):
        count, number = divmod(number, 10**power)
        if count:
            plural = "" if count == 1 else "n" if scale.endswith("e") else "en"
            parts.append(f"{_joined(count, 'eine')} {scale}{plural}")
    return " ".join([*parts, _below_million(number)] if number or not parts else parts)


def ordinal(number: int, ending: str = "e") -> str:
    """Return the ordinal of a whole number, with an ending: 3 is "dritte", "dritten" …"""
    words = cardinal(number)
    if number >= 10**6 and number % 10**6 == 0:
        words = words.removeprefix("eine ").removesuffix("en").removesuffix("e").lower()
        return f"{words.replace(' ', '')}ste"[:-1] + ending
    if number in (100, 1000):
        words = words.removeprefix("ein")
    for last, form in _ORDINALS.items():
        if words.endswith(last) and (number % 100 < 13 or last == "acht"):
            return words.removesuffix(last) + form[:-1] + ending
    return words + ("t" if number == 0 or 0 < number % 100 < 20 else "st") + ending


def year(number: int) -> str:
    """Return a year: 1999 is "neunzehnhundertneunundneunzig"."""
    century, rest = divmod(number, 100)
    if 11 <= century <= 19:
        return f"{_SMALL[century]}hundert{_joined(rest, 'eins') if rest else ''}"
    return cardinal(number)


def _below_million(number: int) -> str:
    return _joined(number, "eins") if number else "null"


def _joined(number: int, one: str = "ein") -> str:
    """Return a number below a million in one word; `one` is what it ends with for 1."""
    if number == 1:
        return one
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return (f"{_joined(ones)}und" if ones else "") + _TENS[tens]
    size, name = (100, "hundert") if number < 1000 else (1000, "tausend")
    count, rest = divmod(number, size)
    return _joined(count) + name + (_joined(rest, one) if rest else "")


NUMERALS = Numerals(
    *(cardinal, _SMALL[:10], ".", ",", "Komma"),
    {"-": "minus", "+": "plus", "±": "plus minus"},
)
