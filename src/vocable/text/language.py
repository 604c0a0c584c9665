"""What a language is to the reading and the speaking of texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vocable.text.phones import Pronunciation


@dataclass(frozen=True)
class Language:
    """A language.

    steps       from written text to words: functions from text to text, in their order
    short       abbreviations, with their dots, after which a sentence goes on
    starts      words that begin a new one nevertheless, at the beginning of what is matched
    ordinal     whether "3." is "third" within a sentence
    pronounce   how a word is spoken
    """

    steps: tuple[Callable[[str], str], ...]
    short: frozenset[str]
    starts: re.Pattern[str]
    ordinal: bool
    pronounce: Callable[[str], Pronunciation]
