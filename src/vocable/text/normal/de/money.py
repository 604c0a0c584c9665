"""German sums of money: "3,50 €" is "drei Euro fünfzig"."""

from __future__ import annotations

import re

from vocable.text.normal.de.numbers import NUMERALS
from vocable.text.normal.de.units import UNITS, counted
from vocable.text.normal.units import Unit, alternatives

_NAMES = {
    **{"€": "Euro", "EUR": "Euro", "Euro": "Euro", "$": "Dollar", "US$": "Dollar", "USD": "Dollar"},
    **{"Dollar": "Dollar", "£": "Pfund", "GBP": "Pfund", "CHF": "Franken", "Fr.": "Franken"},
    **{"Franken": "Franken", "¥": "Yen", "¢": "Cent", "ct": "Cent", "Cent": "Cent", "DM": "Mark"},
}
_ARTICLES = {"Mark": "eine"}
_SMALL = {
    "Euro": "Cent",
    "Dollar": "Cent",
    "Pfund": "Pence",
    "Franken": "Rappen",
    "Mark": "Pfennig",
}
_SIGN = alternatives(_NAMES)
_BEFORE_SIGN = alternatives(("€", "EUR", "$", "US$", "USD", "£", "CHF", "¥", "Fr."))
_FULL = re.compile(rf"({NUMERALS.unsigned}),(?:--?|–)(?:[\s\u00a0]?({_SIGN})(?!\w))?")
_AFTER = re.compile(rf"({NUMERALS.number})[\s\u00a0]?({_SIGN})(?!\w)")
_BEFORE = re.compile(rf"([-−–]?)(?<!\w)({_BEFORE_SIGN})[\s\u00a0]?({NUMERALS.unsigned})(?![\d%])")
_PER = re.compile(r"\b((?:Euro|Dollar|Cent|Pfund|Franken)(?: [a-zäöüß]+)?)\s?/\s?([A-Za-z]\w*)")
_ALONE = re.compile(r"(?<![\w€$£])[€$£](?![\w€$£])")


def money(text: str) -> str:
    """Return a text whose sums of money are words."""
    text = _FULL.sub(lambda found: _sum(found[1], found[2] or "€"), text)
    text = _AFTER.sub(lambda found: _sum(found[1], found[2]), text)
    text = _BEFORE.sub(
        lambda found: ("minus " if found[1] else "") + _sum(found[3], found[2]), text
    )
    text = _PER.sub(lambda found: f"{found[1]} pro {_per(found[2])}", text)
    return _ALONE.sub(lambda found: f" {_NAMES[found[0]]}", text)


def _per(word: str) -> str:
    return UNITS[word].one if word in UNITS else word


def _sum(number: str, sign: str) -> str:
    """Return a sum in words: whole units and hundredths, where there are two decimals."""
    name = _NAMES[sign]
    whole, _, decimals = number.partition(",")
    if len(decimals) != 2 or name not in _SMALL:
        return _whole(number, name)
    if whole == "0" and int(decimals):
        return _whole(str(int(decimals)), _SMALL[name])
    words = _whole(whole, name)
    return f"{words} {NUMERALS.cardinal(int(decimals))}" if int(decimals) else words


def _whole(number: str, name: str) -> str:
    if NUMERALS.is_one(number) and name in _ARTICLES:
        return f"{_ARTICLES[name]} {name}"
    return counted(number, Unit(name, name))
