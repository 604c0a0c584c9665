"""German: the steps from written text to words, in their order."""

from __future__ import annotations

import re

from vocable.text.german import pronounce_german
from vocable.text.language import Language
from vocable.text.normal.de.abbreviations import SHORT, STARTS, abbreviations
from vocable.text.normal.de.capitals import capitals
from vocable.text.normal.de.dates import numeric_dates, times, years
from vocable.text.normal.de.figures import numbers, relations
from vocable.text.normal.de.letters import NAMES
from vocable.text.normal.de.money import money
from vocable.text.normal.de.numbers import NUMERALS
from vocable.text.normal.de.ordinals import ordinals, roman_numerals, rulers
from vocable.text.normal.de.signs import ADDRESS, signs
from vocable.text.normal.de.units import units
from vocable.text.normal.telephone import telephone_numbers
from vocable.text.normal.tidy import folded, tidy
from vocable.text.normal.web import addresses

_STEPS = (
    lambda text: addresses(text, ADDRESS, NAMES),
    numeric_dates,
    lambda text: telephone_numbers(text, NUMERALS),
    relations,
    times,
    years,
    units,
    money,
    rulers,
    abbreviations,
    roman_numerals,
    ordinals,
    signs,
    numbers,
    lambda text: folded(text, "äöüßÄÖÜẞ"),
    capitals,
    tidy,
)

GERMAN = Language(_STEPS, SHORT, re.compile(STARTS), ordinal=True, pronounce=pronounce_german)
