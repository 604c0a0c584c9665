"""Compare patches of the reference with all places in the degraded neurogram.

The similarity of a patch to a place is a mean of quotients, whose parts are sums of products of a
number of the patch and one of the place. So patches and places are the sides of matrix products,
one for each cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vocable.measures.neurograms.nsim import (
    CENTRE,
    CORNER,
    EDGE,
    LEVEL,
    STRUCTURE,
    Cells,
    blur,
    columns,
)
from vocable.measures.neurograms.spectrogram import Neurogram

PATCHES = 32  # compared at a time
_PLACES = 64
_WEIGHTS = np.array([[CORNER, EDGE, CORNER], [EDGE, CENTRE, EDGE], [CORNER, EDGE, CORNER]])

Factors = Float64[np.ndarray, "bands frames patches _"]  # so many numbers of each cell
Rows = Float64[np.ndarray, "bands _ frames"]
Table = Float64[np.ndarray, "patches places"]


def similarity_table(patches: Cells, degraded: Neurogram) -> Table:
    """Return the similarity of each patch to as many frames of `degraded` from each one on."""
    _, bands, size = patches.shape
    ours, theirs = _Patches.of(patches), _positions(degraded, size)
    count = degraded.shape[1] - size + 1
    parts = []
    for low in range(0, count, _PLACES):
        places = min(_PLACES, count - low)
        parts.append(sum(each.compared(ours, low, places) for each in theirs) / (bands * size))
    # places that are alike tie, whatever the order in which their products were added
    return np.round(np.concatenate(parts, axis=1), 12)


@dataclass(frozen=True)
class _Patches:
    """The numbers of patches that enter the similarity of each cell."""

    covariance: Factors
    level: Factors
    divisor: Factors

    @classmethod
    def of(cls, patches: Cells) -> _Patches:
        mean = blur(patches)
        spread = _spread(blur(patches**2), mean)
        level, one = mean**2 + LEVEL, np.ones_like(mean)
        covariance = [*_weighted(patches), -mean, STRUCTURE * one]
        divisor = [level * spread, level * STRUCTURE, spread, STRUCTURE * one]
        return cls(*map(_factors, (covariance, [2 * mean, LEVEL * one], divisor)))


@dataclass(frozen=True)
class _Position:
    """The numbers of frames that stand at the first, the last or another column of a patch."""

    first: int  # column
    end: int
    covariance: Rows  # the last two are those of the level
    divisor: Rows

    def compared(self, patches: _Patches, low: int, places: int) -> Table:
        """Return the sum of similarities of the cells in these columns, at places from `low` on."""
        own, total = slice(self.first, self.end), np.zeros(1)
        rows, divisors = (
            self._windows(each, low, places) for each in (self.covariance, self.divisor)
        )
        for band, theirs in enumerate(rows):
            cells = patches.covariance[band, own] @ theirs
            cells *= patches.level[band, own] @ theirs[:, -2:]
            cells /= patches.divisor[band, own] @ divisors[band]
            total = total + cells.sum(axis=0)
        return total

    def _windows(
        self, rows: Rows, low: int, places: int
    ) -> Float64[np.ndarray, "bands columns _ places"]:
        windows = np.lib.stride_tricks.sliding_window_view(rows, places, axis=2)
        return windows[:, :, low + self.first : low + self.end].transpose(0, 2, 1, 3)


def _positions(levels: Neurogram, size: int) -> list[_Position]:
    """Return the numbers of all frames, for each position in a patch that they may have."""
    means, squares = columns(levels), columns(levels**2)
    near = np.stack(_around(levels), axis=1)
    found = []
    for first, end in ((0, 1), (1, size - 1), (size - 1, size)):
        mean, square = (_placed(*each, first == 0, end == size) for each in (means, squares))
        spread, one = _spread(square, mean), np.ones_like(mean)
        rows = np.concatenate([near, np.stack([mean, one], axis=1)], axis=1)
        divisor = np.stack([spread, one, mean**2 * spread, mean**2], axis=1)
        found.append(_Position(first, end, rows, divisor))
    return found


def _placed(middle: Cells, side: Cells, first: bool, last: bool) -> Cells:
    """Return weighted means of frames that are the first or the last of a patch, or neither.

    The border goes on beyond it. Where `side` itself ends, a mean is wrong that nobody asks for.
    """
    before = side if first else np.roll(side, 1, axis=1)
    after = side if last else np.roll(side, -1, axis=1)
    placed: Cells = middle + before + after
    return placed


def _weighted(patches: Cells) -> list[Cells]:
    """Return the cells around each, weighted; a border goes on beyond it."""
    around = zip(_WEIGHTS.flat, _around(patches), strict=True)
    weighted = [weight * cells for weight, cells in around]
    for row in range(0, 9, 3):
        for column, beyond in ((0, row), (-1, row + 2)):
            weighted[row + 1][..., column] += weighted[beyond][..., column]
            weighted[beyond][..., column] = 0
    return weighted


def _around(cells: Cells) -> list[Cells]:
    """Return the three by three cells around each."""
    padded = np.pad(cells, [(0, 0)] * (cells.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    bands, frames = cells.shape[-2:]
    return [padded[..., i : i + bands, j : j + frames] for i in range(3) for j in range(3)]


def _spread(squares: Cells, mean: Cells) -> Cells:
    spread: Cells = np.sqrt(np.maximum(squares - mean**2, 0))
    return spread


def _factors(numbers: list[Cells]) -> Factors:
    """Return numbers of [patches, bands, frames] as [bands, frames, patches, factors]."""
    return np.ascontiguousarray(np.stack(numbers, axis=-1).transpose(1, 2, 0, 3))
