"""A sequence that a text model learns from, and several of them as a batch.

What is asked for stands apart from what is read: CosyVoice's models write a mark at the place where
they are then given text. NOTHING stands where nothing is asked for; it never reaches a loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int, Int64
from torch import Tensor

from vocable.errors import TokenError
from vocable.language.lessons import NOTHING
from vocable.tokens.checks import integers

TEXT, AUDIO, MARK = range(3)
KINDS = ("text", "audio", "marks")


@dataclass(frozen=True, eq=False)
class Interleaved:
    """One sequence.

    ids     what the model reads
    labels  the id that is to be foretold at each position, from those before it; else NOTHING
    kinds   of each label: TEXT, AUDIO, MARK, or NOTHING
    """

    ids: Int64[np.ndarray, " positions"]
    labels: Int64[np.ndarray, " positions"]
    kinds: Int64[np.ndarray, " positions"]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def framed(
        cls, inner: Interleaved, before: Sequence[int] = (), after: Sequence[int] = ()
    ) -> Interleaved:
        """Return a sequence behind ids that are given, and before ids that are asked for as marks.

        Nothing is asked for at the first position, which nothing comes before. TokenError for
        what is not a row of ids.
        """
        given, asked = _row("before", before), _row("after", after)
        ids = np.concatenate([given, inner.ids, asked])
        unasked = np.full(len(given), NOTHING)
        labels = np.concatenate([unasked, inner.labels, asked])
        kinds = np.concatenate([unasked, inner.kinds, np.full(len(asked), MARK)])
        labels[:1] = kinds[:1] = NOTHING
        return cls(ids, labels, kinds)


@dataclass(frozen=True, eq=False)
class InterleavedBatch:
    """Sequences side by side; behind the shorter ones stands id 0, which `read` leaves out."""

    ids: Int[Tensor, "batch positions"]
    labels: Int[Tensor, "batch positions"]
    kinds: Int[Tensor, "batch positions"]
    read: Bool[Tensor, "batch positions"]

    @classmethod
    def of(cls, lessons: Sequence[Interleaved]) -> InterleavedBatch:
        """Join lessons. TokenError where nothing is asked for in all of them."""
        if not any((each.labels != NOTHING).any() for each in lessons):
            raise TokenError(
                "nothing is asked for in these lessons, and the mean over none is not a number"
            )
        shape = len(lessons), max(map(len, lessons))
        ids, read = np.zeros(shape, np.int64), np.zeros(shape, bool)
        labels, kinds = np.full(shape, NOTHING), np.full(shape, NOTHING)
        for row, each in enumerate(lessons):
            here = row, slice(len(each))
            ids[here], labels[here], kinds[here], read[here] = (
                each.ids, each.labels, each.kinds, True
            )  # fmt: skip
        return cls(*(torch.from_numpy(each) for each in (ids, labels, kinds, read)))

    def to(self, device: torch.device | str) -> InterleavedBatch:
        """Return the same on a device."""
        parts = (self.ids, self.labels, self.kinds, self.read)
        return InterleavedBatch(*(each.to(device) for each in parts))


def _row(name: str, given: Sequence[int]) -> np.ndarray:
    ids = integers(name, given)
    if ids.ndim != 1 or (ids < 0).any():
        raise TokenError(f"{name} must be a row of ids from 0, got {given!r:.60}")
    return ids.astype(np.int64)
