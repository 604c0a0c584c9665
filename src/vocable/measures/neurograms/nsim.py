"""The neurogram similarity index (NSIM): structural similarity of patches, in windows of 3 × 3.

Hines and Harte 2012. The range of levels is taken as 1 though they are in dB, as ViSQOL does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vocable.measures.neurograms.spectrogram import Neurogram

_CORNER, _EDGE, _CENTRE = 0.0113033910173052, 0.0838251475442633, 0.619485845753726
_LEVEL, _STRUCTURE = 0.01**2, 0.03**2 / 2  # what keeps quotients near silence at 1

Patches = Float64[np.ndarray, "*patches bands frames"]


@dataclass(frozen=True)
class Similarity:
    """How alike two patches are in each band."""

    means: Float64[np.ndarray, " bands"]
    deviations: Float64[np.ndarray, " bands"]  # over the frames
    energies: Float64[np.ndarray, " bands"]  # mean level of the degraded patch

    @property
    def mean(self) -> float:
        """The index of the whole patch, 1 for equal ones."""
        return float(self.means.mean())


def compare(reference: Neurogram, degraded: Neurogram) -> Similarity:
    """Return the similarity of two patches of one shape."""
    cells = similarities(reference, degraded)
    return Similarity(cells.mean(axis=1), cells.std(axis=1, ddof=1), degraded.mean(axis=1))


def similarities(x: Patches, y: Patches) -> Patches:
    """Return the similarity around each cell."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x, variance_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    level = (2 * mean_x * mean_y + _LEVEL) / (mean_x**2 + mean_y**2 + _LEVEL)
    spread = np.sqrt(np.maximum(variance_x * variance_y, 0))
    cells: Patches = level * (covariance + _STRUCTURE) / (spread + _STRUCTURE)
    return cells


def _blur(cells: Patches) -> Patches:
    """Return the weighted mean around each cell; beyond a border it goes on as at it."""
    padded = np.pad(cells, [(0, 0)] * (cells.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    sides = padded[..., :-2] + padded[..., 2:]
    middle = padded[..., 1:-1]
    corners = sides[..., :-2, :] + sides[..., 2:, :]
    edges = middle[..., :-2, :] + middle[..., 2:, :] + sides[..., 1:-1, :]
    blurred: Patches = _CORNER * corners + _EDGE * edges + _CENTRE * middle[..., 1:-1, :]
    return blurred
