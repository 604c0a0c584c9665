"""Count the errors of what a recogniser heard: words, characters, phones.

Error rates are of a whole set: errors of all recordings over words of all references. The mean of
each recording's rate is another number, in which short recordings weigh most.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from vocable.errors import MeasureError

Normalise = Callable[[str], str]
CountEdits = Callable[[str, str], "Edits"]
DASHES = str.maketrans(dict.fromkeys("-–—", " "))


@dataclass(frozen=True)
class Edits:
    """What turns a reference of `length` items into what was heard; `a + b` joins two."""

    substitutions: int
    deletions: int
    insertions: int
    length: int

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.length + other.length,
        )

    @property
    def errors(self) -> int:
        """All of them together, as few as possible."""
        return self.substitutions + self.deletions + self.insertions


def error_rate(edits: Iterable[Edits]) -> float:
    """Return the errors of all recordings over the items of all references, 0 upwards.

    More is inserted than there was where it exceeds 1. Raises MeasureError for references without
    any item: there is nothing to divide by.
    """
    total = sum(edits, Edits(0, 0, 0, 0))
    if not total.length:
        raise MeasureError("an error rate needs a reference that is not empty")
    return total.errors / total.length


def count_edits(reference: Sequence[Hashable], hypothesis: Sequence[Hashable]) -> Edits:
    """Return the fewest substitutions, deletions and insertions from `reference` to `hypothesis`.

    Levenshtein 1966. Where there are several ways with as few, a substitution comes before a
    deletion and that before an insertion, from the end; their sum is the same.
    """
    table = _distances(reference, hypothesis)
    i, j, substitutions, deletions = len(reference), len(hypothesis), 0, 0
    while i and j:
        wrong = reference[i - 1] != hypothesis[j - 1]
        if table[i, j] == table[i - 1, j - 1] + wrong:
            i, j, substitutions = i - 1, j - 1, substitutions + wrong
        elif table[i, j] == table[i - 1, j] + 1:
            i, deletions = i - 1, deletions + 1
        else:
            j -= 1
    deletions += i
    errors = int(table[-1, -1])
    return Edits(substitutions, deletions, errors - substitutions - deletions, len(reference))


def normalise(text: str) -> str:
    """Return text as words that are compared: lower case, without punctuation.

    Dashes part words; other punctuation (Unicode's classes P) goes, so that "it's" is "its".
    Numbers stay as they are written, and so do spellings: use a normaliser of the recogniser's
    makers where references have other habits than it has.
    """
    parted = text.lower().translate(DASHES)
    kept = (each for each in parted if not unicodedata.category(each).startswith("P"))
    return " ".join("".join(kept).split())


def word_edits(reference: str, hypothesis: str, normalise: Normalise = normalise) -> Edits:
    """Return the edits of words; normalise: what is done to both texts before."""
    return count_edits(normalise(reference).split(), normalise(hypothesis).split())


def character_edits(reference: str, hypothesis: str, normalise: Normalise = normalise) -> Edits:
    """Return the edits of characters, spaces too, for languages that do not part words by them."""
    return count_edits(normalise(reference), normalise(hypothesis))


def phone_edits(reference: str, hypothesis: str) -> Edits:
    """Return the edits of phones that are parted by spaces; nothing is normalised."""
    return count_edits(reference.split(), hypothesis.split())


def _distances(
    reference: Sequence[Hashable], hypothesis: Sequence[Hashable]
) -> Int64[np.ndarray, "_ _"]:
    """Return the fewest errors from the first i items to the first j of the hypothesis."""
    names = {each: k for k, each in enumerate(dict.fromkeys((*reference, *hypothesis)))}
    given = np.array([names[each] for each in hypothesis], np.int64)
    along = np.arange(len(hypothesis) + 1)
    table = np.empty((len(reference) + 1, len(hypothesis) + 1), np.int64)
    table[0] = along
    for i, each in enumerate(reference):
        above, row = table[i], table[i + 1]
        row[0] = i + 1
        row[1:] = np.minimum(above[:-1] + (given != names[each]), above[1:] + 1)
        row[:] = np.minimum.accumulate(row - along) + along  # insertions, all at once
    return table
