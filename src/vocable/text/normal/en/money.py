"""English sums of money: "$5.50" is "five dollars and fifty cents"."""

from __future__ import annotations

import re

from vocable.text.normal.en.numbers import NUMERALS
from vocable.text.normal.en.units import UNITS
from vocable.text.normal.units import Unit, alternatives

_CENTS, _PENCE = Unit("cent", "cents"), Unit("penny", "pence")
_CURRENCIES = {
    **{"$": (Unit("dollar", "dollars"), _CENTS), "US$": (Unit("dollar", "dollars"), _CENTS)},
    **{"£": (Unit("pound", "pounds"), _PENCE), "€": (Unit("euro", "euros"), _CENTS)},
    **{"A$": (Unit("Australian dollar", "Australian dollars"), _CENTS)},
    **{"C$": (Unit("Canadian dollar", "Canadian dollars"), _CENTS)},
    **{"¥": (Unit("yen", "yen"), None), "₹": (Unit("rupee", "rupees"), None)},
    **{"₩": (Unit("won", "won"), None), "₽": (Unit("ruble", "rubles"), None)},
    **{
        "₿": (Unit("bitcoin", "bitcoins"), None),
        "CHF": (Unit("Swiss franc", "Swiss francs"), None),
    },
}
_CURRENCIES |= {
    code: _CURRENCIES[sign]
    for code, sign in {"USD": "US$", "GBP": "£", "EUR": "€", "JPY": "¥", "INR": "₹"}.items()
}
_SCALES = {
    **{"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million"},
    **{"b": "billion", "B": "billion", "bn": "billion", "tn": "trillion", "T": "trillion"},
    **{each: each for each in ("thousand", "million", "billion", "trillion")},
}
_SIGN = alternatives(_CURRENCIES)
_SCALE = rf"(?:[\s\u00a0-]?({alternatives(_SCALES)})(?![\w]))?"
_RANGE = re.compile(rf"({_SIGN})(\d[\d,.]*) to (?=\d)")
_BEFORE = re.compile(
    rf"(\ba\s)?([-−–]?)(?<!\w)({_SIGN})[\s\u00a0]?([-−]?(?:{NUMERALS.unsigned}|\.\d\d)){_SCALE}(?![\d%])"
)
_AFTER = re.compile(rf"()({NUMERALS.number}){_SCALE}[\s\u00a0]?({_SIGN})(?!\w)")
_SMALL = re.compile(rf"({NUMERALS.unsigned})\s?(¢|(?<=\d)p\b)")
_PER = re.compile(r"\b(dollars?|pounds?|euros?|cents?|yen|rupees|francs?)\s?/\s?([A-Za-z]\w*)")


def money(text: str) -> str:
    """Return a text whose sums of money are words."""
    text = _RANGE.sub(r"\2 to \1", text)
    text = _BEFORE.sub(_before, text)
    text = _AFTER.sub(lambda found: _sum(found[2], found[3], found[4]), text)
    text = _SMALL.sub(_small, text)
    return _PER.sub(lambda found: f"{found[1]} per {_per(found[2])}", text)


def _before(found: re.Match[str]) -> str:
    article, minus, sign, number, scale = found.groups()
    if number[0] in "-−":
        minus, number = "-", number[1:]
    words = _sum(number, scale, sign)
    if article and re.match(r"[\s-][a-z]", found.string[found.end() : found.end() + 2]):
        words = _singular(words)  # "a $5 bill"
    return f"{article or ''}{'minus ' if minus else ''}{words}"


def _singular(words: str) -> str:
    return re.sub(r"(dollar|pound|euro|rupee|ruble|franc|bitcoin)s$", r"\1", words)


def _sum(number: str, scale: str | None, sign: str) -> str:
    """Return a sum in words: whole units and hundredths, where there are two decimals."""
    unit, hundredth = _CURRENCIES[sign]
    whole, _, decimals = number.partition(".")
    whole = whole or "0"
    if scale:
        return f"{NUMERALS(number)} {_SCALES[scale]} {unit.many}"
    if len(decimals) != 2 or not hundredth:
        return f"{NUMERALS(number)} {unit.one if NUMERALS.is_one(number) else unit.many}"
    parts = [f"{NUMERALS(whole)} {unit.one if NUMERALS.is_one(whole) else unit.many}"]
    if int(decimals):
        small = hundredth.one if int(decimals) == 1 else hundredth.many
        parts.append(f"{NUMERALS.cardinal(int(decimals))} {small}")
    return " and ".join(parts[1:] if whole == "0" and len(parts) > 1 else parts)


def _per(word: str) -> str:
    return UNITS[word].one if word in UNITS else word


def _small(found: re.Match[str]) -> str:
    unit = _CENTS if found[2] == "¢" else _PENCE
    return f"{NUMERALS(found[1])} {unit.one if NUMERALS.is_one(found[1]) else unit.many}"
