"""Fade a live stream out where tokens do not come, and in again where they do."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

FADE_SECONDS = 0.2  # until nothing is heard of tokens that are repeated
RETURN_SECONDS = 0.005  # until new tokens are heard in full: without it, they click

Block = Float32[np.ndarray, "channels samples"]


class Fader:
    """The gain of a stream: 1 until tokens are lost.

    rate    Hz of the blocks
    """

    def __init__(self, rate: int) -> None:
        self.gain = 1.0
        self._rate = rate

    def fade_out(self, block: Block) -> Block:
        """Return a block of sound that was made up."""
        return self._ramp(block, -1 / FADE_SECONDS)

    def fade_in(self, block: Block) -> Block:
        """Return a block of the recording."""
        return block if self.gain == 1 else self._ramp(block, 1 / RETURN_SECONDS)

    def _ramp(self, block: Block, per_second: float) -> Block:
        steps = np.arange(1, block.shape[1] + 1) * (per_second / self._rate)
        gains = np.clip(self.gain + steps, 0, 1).astype(np.float32)
        self.gain = float(gains[-1]) if len(gains) else self.gain
        return block * gains
