"""Say how sure a mean over clips is, when speakers rather than clips are what was sampled.

The bootstrap draws whole speakers with replacement, since clips of one speaker resemble each other,
and the interval is the middle 95 % of the means of 10 000 draws (the percentile method). Bisani and
Ney 2004, "Bootstrap estimates for confidence intervals in ASR performance evaluation", compare two
systems so by the difference on each utterance; Liu and Peng 2020, arXiv 1912.09508, draw what
belongs together as one block. With fewer than about ten speakers the interval is too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Shaped

from vocable.errors import MeasureError

DRAWS = 10_000

Values = Shaped[np.ndarray, "_"]  # one for each clip, of any type of number


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval; of one speaker alone the ends are NaN."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def standard_error(values: Values) -> float:
    """Return the standard error of the mean of [clips], NaN for fewer than two."""
    return float(np.std(values, ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")


def paired_interval(
    before: Values, after: Values, speakers: Sequence[str], *, seed: int = 0
) -> Interval:
    """Return the interval of the mean of `after - before`, two values of each clip.

    The difference on each clip cancels what makes a clip easy or hard for both; two systems differ
    where the interval excludes zero. Otherwise as `bootstrap_interval`.
    """
    if before.shape != after.shape:
        raise MeasureError(
            f"a pair needs both values of every clip, got {before.size} before and {after.size} "
            "after; leave out the clips that lack one"
        )
    return bootstrap_interval(after - before, speakers, seed=seed)


def bootstrap_interval(values: Values, speakers: Sequence[str], *, seed: int = 0) -> Interval:
    """Return the mean of [clips] with its 95 % percentile interval over the speakers.

    speakers: who speaks in each clip. seed: of the draws; equal input gives equal intervals. Raises
    MeasureError for no clips, a number of speakers that differs, and values that are not finite.
    """
    values = _checked(values, speakers)
    _, owner = np.unique(list(speakers), return_inverse=True)
    sums, sizes = np.bincount(owner, weights=values), np.bincount(owner)
    mean = float(values.mean())
    if sums.size < 2:
        return Interval(mean, float("nan"), float("nan"))
    drawn = np.random.default_rng(seed).integers(0, sums.size, (DRAWS, sums.size))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(mean, float(low), float(high))


def ratio_interval(
    parts: Values, wholes: Values, speakers: Sequence[str], *, seed: int = 0
) -> Interval:
    """Return Σ parts / Σ wholes over clips with its 95 % interval over the speakers.

    For rates of a whole set, such as errors over words. The interval is that of the ratio to first
    order (Cochran 1977, "Sampling techniques", 6.4). Raises MeasureError as `bootstrap_interval`,
    and where the wholes sum to 0.
    """
    if parts.shape != wholes.shape or not np.sum(wholes) > 0:
        raise MeasureError(
            f"a ratio needs a part of each whole, and some whole, got {parts.size} parts of "
            f"{wholes.size} wholes that sum to {np.sum(wholes):g}"
        )
    mean = parts.sum() / wholes.sum()
    linear = mean + (parts - mean * wholes) / wholes.mean()
    found = bootstrap_interval(linear, speakers, seed=seed)
    return Interval(float(mean), found.low, found.high)


def _checked(values: Values, speakers: Sequence[str]) -> Float64[np.ndarray, "_"]:
    if not values.size or values.size != len(speakers):
        raise MeasureError(
            f"an interval needs clips, and one speaker for each, got {values.size} values and "
            f"{len(speakers)} speakers"
        )
    if not np.isfinite(values).all():
        raise MeasureError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} values are not finite; "
            "leave those clips out"
        )
    return np.asarray(values, np.float64)
