"""Sum up matched patches in the numbers that the mappings take, one of each for every band."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vocable.measures.neurograms.realign import Match

_WORST = 0.1  # of the patches

Bands = Float64[np.ndarray, " bands"]


@dataclass(frozen=True)
class Features:
    """What two recordings have in common in each band, over all patches."""

    means: Bands  # similarity
    worst: Bands  # similarity of the tenth of the patches that is least alike
    deviations: Bands  # of the similarity, over all frames
    energies: Bands  # mean level of the degraded, dB

    @property
    def mean(self) -> float:
        """The similarity of both recordings, 1 for equal ones."""
        return float(self.means.mean())


def features(matches: list[Match], frame: float) -> Features:
    """Return the features of matched patches; `frame` is the time of one frame in seconds."""
    means = np.array([match.similarity.means for match in matches])
    worst = np.sort(means, axis=0)[: max(1, int(len(matches) * _WORST))]
    energies = np.array([match.similarity.energies for match in matches])
    deviations = _pooled(matches, means, frame)
    return Features(means.mean(axis=0), worst.mean(axis=0), deviations, energies.mean(axis=0))


def _pooled(
    matches: list[Match], means: Float64[np.ndarray, "patches bands"], frame: float
) -> Bands:
    """Return the standard deviation over all frames, from those of the patches."""
    spans = [match.reference for match in matches]
    counts = np.array([[math.ceil((end - start) / frame)] for start, end in spans])
    deviations = np.array([match.similarity.deviations for match in matches])
    squares = (counts - 1) * deviations**2 + counts * means**2
    total = counts.sum()
    variance = (squares.sum(axis=0) - total * means.mean(axis=0) ** 2) / (total - 1)
    pooled: Bands = np.sqrt(np.maximum(variance, 0))
    return pooled
