"""Greek letters that stand alone, as they do in formulas, are said by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

GREEK = "αβγδεζηθικλμνξοπρςστυφχψω"
_LETTER = re.compile(r"(?<![^\W\d_])([α-ωΑ-Ω])(?![^\W\d_])")


def greek(text: str, names: Mapping[str, str]) -> str:
    """Return a text with single Greek letters named."""
    return _LETTER.sub(lambda found: f" {names[found[1].lower()]} ", text)
