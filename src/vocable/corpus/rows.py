"""What one recording of a corpus has become."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.corpus.entry import Entry
from vocable.corpus.hearing import Facts
from vocable.tokens import AudioTokens


@dataclass(frozen=True)
class Row:
    """A recording, its tokens, and what was heard of it."""

    entry: Entry
    tokens: AudioTokens
    facts: Facts
