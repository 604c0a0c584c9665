"""What a language is to the reading of texts, and which there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vocable.errors import TokenError

NAMES = ("en", "de")


@dataclass(frozen=True)
class Language:
    """A language.

    steps       from written text to words: functions from text to text, in their order
    short       abbreviations, with their dots, after which a sentence goes on
    starts      words that begin a new one nevertheless, at the beginning of what is matched
    ordinal     whether "3." is "third" within a sentence
    """

    steps: tuple[Callable[[str], str], ...]
    short: frozenset[str]
    starts: re.Pattern[str]
    ordinal: bool


def language(name: str) -> Language:
    """Return a language by its code; only those in use are loaded. TokenError for others."""
    if name == "en":
        from vocable.text.normal.en import ENGLISH

        return ENGLISH
    if name == "de":
        from vocable.text.normal.de import GERMAN

        return GERMAN
    raise TokenError(f"texts are read in {' and '.join(NAMES)}, not in {name!r}")
