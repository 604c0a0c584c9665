"""Frames of what is said, as they are drawn, piece by piece."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

import numpy as np

from vocable.language.say.speaking import Manner, Planned, say
from vocable.language.say.steps import Steps


class SaidFrames:
    """Codes `[levels]`, frame by frame; `reason` says why they ended: "end", or "left".

    plans: the pieces, each of one item. They are made as they are needed.
    """

    def __init__(self, steps: Steps, plans: Iterable[Planned], seed: int, manner: Manner) -> None:
        self.reason: str | None = None
        self._frames = _frames(steps, plans, seed, manner)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:
        """Return the next frame."""
        try:
            return next(self._frames)
        except StopIteration:
            self.reason = self.reason or "end"
            raise

    def leave(self) -> None:
        """Say no more."""
        self.reason = self.reason or "left"
        self._frames.close()


def _frames(
    steps: Steps, plans: Iterable[Planned], seed: int, manner: Manner
) -> Generator[np.ndarray, None, None]:
    for place, planned in enumerate(plans):
        for codes in say(steps, planned, [seed + place], manner):
            yield codes[0].cpu().numpy()
