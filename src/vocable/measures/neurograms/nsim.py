"""The neurogram similarity index (NSIM): structural similarity of patches, in windows of 3 × 3.

Hines and Harte 2012. The range of levels is taken as 1 though they are in dB, as ViSQOL does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

CORNER, EDGE, CENTRE = 0.0113033910173052, 0.0838251475442633, 0.619485845753726  # of the window
LEVEL, STRUCTURE = 0.01**2, 0.03**2 / 2  # what keeps the quotients near 1 in silence

Patch = Float64[np.ndarray, "bands frames"]
Cells = Float64[np.ndarray, "*patches bands frames"]


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


def compare(reference: Patch, degraded: Patch) -> Similarity:
    """Return the similarity of two patches of one shape."""
    mean_x, mean_y = blur(reference), blur(degraded)
    variance_x = blur(reference * reference) - mean_x**2
    variance_y = blur(degraded * degraded) - mean_y**2
    covariance = blur(reference * degraded) - mean_x * mean_y
    level = (2 * mean_x * mean_y + LEVEL) / (mean_x**2 + mean_y**2 + LEVEL)
    spread = np.sqrt(np.maximum(variance_x * variance_y, 0))
    cells = level * (covariance + STRUCTURE) / (spread + STRUCTURE)
    return Similarity(cells.mean(axis=1), cells.std(axis=1, ddof=1), degraded.mean(axis=1))


def blur(cells: Cells) -> Cells:
    """Return the weighted mean around each cell; a border goes on beyond it."""
    middle, side = columns(cells)
    middle[..., 1:] += side[..., :-1]
    middle[..., :-1] += side[..., 1:]
    middle[..., [0, -1]] += side[..., [0, -1]]
    return middle


def columns(cells: Cells) -> tuple[Cells, Cells]:
    """Return the parts that a frame has in the weighted means at itself, and in those beside it."""
    around = np.concatenate([cells[..., :1, :], cells[..., :-1, :]], axis=-2)
    around[..., :-1, :] += cells[..., 1:, :]
    around[..., -1:, :] += cells[..., -1:, :]
    return EDGE * around + CENTRE * cells, CORNER * around + EDGE * cells
