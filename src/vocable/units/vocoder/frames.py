"""Units as they last: one for each frame, piece by piece, up to the end of what was encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Int32

from vocable.tokens import AudioTokens, Source, TokenSpec

TILE = 500  # frames that the vocoder sees at once
Frames = Int32[np.ndarray, "streams frames"]


def frames_of_source(spec: TokenSpec, source: Source | None, frames: int) -> int:
    """Return how many frames cover what was encoded: units stop before its last window does."""
    if source is None:
        return frames
    return max(frames, -(-spec.samples(source) // spec.frame))


def frames_of(pieces: Iterable[AudioTokens], total: int) -> Iterator[Frames]:
    """Yield units, each as often as it lasts, in tiles; the last goes on up to `total` frames."""
    left, last = total, None
    for tokens in pieces:
        units = tokens.stacks[0]
        repeated = units if tokens.durations is None else units.repeat(tokens.durations, axis=1)
        yield from _tiles(repeated)
        left, last = left - repeated.shape[1], repeated[:, -1:]
    if last is not None and left > 0:
        yield from _tiles(last.repeat(left, axis=1))


def _tiles(units: Frames) -> Iterator[Frames]:
    for start in range(0, units.shape[1], TILE):
        yield units[:, start : start + TILE]
