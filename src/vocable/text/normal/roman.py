"""Roman numerals."""

from __future__ import annotations

import re

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
ROMAN = r"(?=[IVXLC])(?:XC|XL|L?X{0,3}|C{1,2}(?:XC|XL|L?X{0,3}))(?:IX|IV|V?I{0,3})"
"""A regular expression of what is well formed, up to 299."""

WELL_FORMED = re.compile(ROMAN)
CERTAIN = r"(?:I{2,3}|VI{1,3}|XI{1,3}|XI?V|XVI{1,3})"
"""One of those that are nothing else: II, III, VI, VII …"""


def roman(numeral: str) -> int:
    """Return the value of a well-formed numeral: "XIV" is 14."""
    values = [_VALUES[each] for each in numeral]
    following = [*values[1:], 0]
    return sum(-own if own < after else own for own, after in zip(values, following, strict=True))
