"""Say which token of which level stands at each position of a grid `[rows, steps]`.

Everything is counted from the number of frames, so the same frames always give the same grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from .spec import TokenSpec

EMPTY = -1


@dataclass(frozen=True)
class Positions:
    """At each position of a grid: the level (EMPTY: no token), and which token of that level."""

    level: Int32[np.ndarray, "rows steps"]
    index: Int32[np.ndarray, "rows steps"]


def strides_of(spec: TokenSpec, levels: int) -> list[int]:
    """Return the strides of the first levels."""
    return [level.stride for level in spec.levels[:levels]]


def token_counts(spec: TokenSpec, frames: int, levels: int) -> list[int]:
    """Return how many tokens each of the first levels has in this many frames."""
    return [-(-frames // stride) for stride in strides_of(spec, levels)]


def in_one_row(counts: list[int], strides: list[int]) -> Positions:
    """Order all tokens by the frame at which they begin, then by level."""
    level = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    index = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
    frame = np.concatenate([np.arange(n) * s for n, s in zip(counts, strides, strict=True)])
    order = np.lexsort((level, frame))
    return Positions(level[None, order], index[None, order])


def in_rows(steps: int, steps_of: list[range]) -> Positions:
    """Put each level's tokens into a row of its own, at the steps that `steps_of` gives for it."""
    level = np.full((len(steps_of), steps), EMPTY, np.int32)
    index = np.full((len(steps_of), steps), EMPTY, np.int32)
    for k, taken in enumerate(steps_of):
        columns = slice(taken.start, taken.stop, taken.step)
        level[k, columns] = k
        index[k, columns] = np.arange(len(taken))
    return Positions(level, index)
