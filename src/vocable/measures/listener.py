"""Hear a recording as it goes by, and say what it holds.

A piece that sounds like speech settles it, so that speech costs one look; a recording is not speech
when none of its first pieces is.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from vocable.measures.content import Content, describe_content

PIECE = 10.0  # seconds looked at together
MOST = 6  # pieces: the first minute
REST = 5.0  # seconds that the end of a recording needs to be a piece of its own, if it is not all


class Listener:
    """Takes blocks of one recording, and keeps a piece of it at most."""

    def __init__(self, rate: int) -> None:
        self.rate = rate  # Hz
        self._blocks: list[Float[np.ndarray, " samples"]] = []
        self._kept = 0  # samples in them
        self._pieces: list[Content] = []

    def __call__(self, block: Float[np.ndarray, "*channels samples"]) -> None:
        """Hear the next block, all channels mixed."""
        size = round(PIECE * self.rate)
        for start in range(0, block.shape[-1], size):
            if self._settled:
                return
            part = block[..., start : start + size]
            mixed = part.reshape(-1, part.shape[-1])
            mixed = mixed[0] if len(mixed) == 1 else mixed.mean(axis=0)
            self._blocks.append(mixed)
            self._kept += mixed.size
            if self._kept >= size:
                self._judge()

    def finish(self) -> Content:
        """Return what the recording holds, as far as it was looked at."""
        least = REST * self.rate if self._pieces else 1
        if self._kept >= least and not self._settled:
            self._judge()
        verdicts = [piece.speech for piece in self._pieces if piece.speech is not None]
        ends = [piece.band_end for piece in self._pieces if piece.band_end is not None]
        return Content(any(verdicts) if verdicts else None, max(ends, default=None))

    @property
    def _settled(self) -> bool:
        return len(self._pieces) >= MOST or any(piece.speech for piece in self._pieces)

    def _judge(self) -> None:
        self._pieces.append(describe_content(np.concatenate(self._blocks), self.rate))
        self._blocks, self._kept = [], 0
