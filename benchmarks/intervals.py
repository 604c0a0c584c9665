"""Say how sure a mean is, when speakers rather than clips are what was sampled."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def standard_error(values: np.ndarray) -> float:
    """Return the standard error of the mean of [clips], NaN for fewer than two."""
    return float(np.std(values, ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")


def interval(values: np.ndarray, speakers: list[str], seed: int = 0) -> Interval:
    """Return the mean of [clips] with its percentile bootstrap interval, drawing whole speakers.

    For a comparison, hand in the difference of each clip: that cancels what clips share.
    """
    _, owner = np.unique(speakers, return_inverse=True)
    sums, sizes = np.bincount(owner, weights=values), np.bincount(owner)
    drawn = np.random.default_rng(seed).integers(0, sums.size, (RESAMPLES, sums.size))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))
