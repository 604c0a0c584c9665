"""Go through a long recording in overlapping parts, in memory that does not grow with it.

    |-before-|------ fresh ------|-after-|
                        |-before-|------ fresh ------|-after-|

What is made of each frame alone, and of sums over the whole, is exact. Attention, and what else
sees all frames, sees those of its part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError

TOGETHER = 1_024_000  # samples at most of pieces that begin anew: 64 s


class Part(NamedTuple):
    """Samples of a recording, the first `before` of which are context."""

    samples: Float[Tensor, " _"]
    before: int


@dataclass(frozen=True)
class Cut:
    """Parts of `fresh` samples, with so many more around them."""

    fresh: int
    before: int = 0
    after: int = 0

    def parts(self, blocks: Iterable[Float[Tensor, " _"]]) -> Iterator[Part]:
        """Yield the parts of a recording, which do not depend on the blocks in which it comes."""
        held = _Held()
        start = 0
        for block in blocks:
            for piece in torch.split(block, self.fresh):
                held.add(piece)
                while held.end >= start + self.fresh + self.after:
                    yield self._part(held, start)
                    start += self.fresh
                    held.forget(start - self.before)
        while start < held.end:
            yield self._part(held, start)
            start += self.fresh

    def _part(self, held: _Held, start: int) -> Part:
        first = max(0, start - self.before)
        return Part(held.between(first, start + self.fresh + self.after), start - first)


class _Held:
    """The samples `begin` to `end` of a recording."""

    def __init__(self) -> None:
        self.begin = self.end = 0
        self._samples: Tensor | None = None

    def add(self, piece: Tensor) -> None:
        self._samples = piece if self._samples is None else torch.cat([self._samples, piece])
        self.end += len(piece)

    def forget(self, before: int) -> None:
        if self._samples is not None and before > self.begin:
            self._samples = self._samples[before - self.begin :].clone()
            self.begin = before

    def between(self, first: int, last: int) -> Tensor:
        assert self._samples is not None
        return self._samples[first - self.begin : last - self.begin]


@dataclass(frozen=True)
class Window:
    """Frames that are seen at once, and how many of them on either side are not kept."""

    frames: int
    context: int

    @staticmethod
    def of_seconds(rate: float, window: float, context: float) -> Window:
        """Return a window of so many seconds, at `rate` frames a second.

        ModelError where context leaves nothing of it.
        """
        if not (context >= 0 and window > 2 * context):
            raise ModelError(
                f"window is {window:g} s with {context:g} s of context on either side, which "
                "leaves nothing; give more than twice the context"
            )
        frames = Window(max(1, round(window * rate)), round(context * rate))
        if frames.frames <= 2 * frames.context:
            raise ModelError(f"window is {window:g} s, less than a frame; give a second or more")
        return frames

    def cut(self, hop: int, window: int) -> Cut:
        """Return how a recording is cut whose frames are of `window` samples, every `hop`."""
        fresh, around = (self.frames - 2 * self.context) * hop, self.context * hop
        return Cut(fresh, around, around - hop + window)


def pieces_together(restarts: int) -> Cut:
    """Return how a recording is cut that begins anew after so many samples."""
    return Cut(max(1, TOGETHER // restarts) * restarts)
