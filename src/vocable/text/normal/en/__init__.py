"""English: the steps from written text to words, in their order."""

from __future__ import annotations

from vocable.text.english import pronounce_english
from vocable.text.language import Language
from vocable.text.normal.en.abbreviations import SHORT, STARTS, abbreviations
from vocable.text.normal.en.capitals import capitals
from vocable.text.normal.en.dates import dates, numeric_dates
from vocable.text.normal.en.figures import numbers, relations, roman_numerals
from vocable.text.normal.en.letters import NAMES
from vocable.text.normal.en.money import money
from vocable.text.normal.en.numbers import NUMERALS
from vocable.text.normal.en.signs import ADDRESS, signs
from vocable.text.normal.en.times import times
from vocable.text.normal.en.units import units
from vocable.text.normal.telephone import telephone_numbers
from vocable.text.normal.tidy import folded, tidy
from vocable.text.normal.web import addresses

_STEPS = (
    lambda text: addresses(text, ADDRESS, NAMES),
    numeric_dates,
    lambda text: telephone_numbers(text, NUMERALS),
    relations,
    times,
    dates,
    money,
    units,
    abbreviations,
    roman_numerals,
    signs,
    numbers,
    lambda text: folded(text, ""),
    capitals,
    tidy,
)

ENGLISH = Language(_STEPS, SHORT, STARTS, ordinal=False, pronounce=pronounce_english)
