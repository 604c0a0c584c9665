"""Say how sure a mean over clips is, when speakers rather than clips are what was sampled.

The bootstrap draws whole speakers with replacement, since clips of one speaker resemble each other,
and the interval is the middle of the means of 10 000 draws: 95 % of them with very many speakers,
more with few, since the draws of few scatter less than means of new speakers do (the expanded
percentile interval of Hesterberg 2015, arXiv 1411.5279). Bisani and Ney 2004, "Bootstrap estimates
for confidence intervals in ASR performance evaluation", compare two systems so by the difference on
each utterance; Liu and Peng 2020, arXiv 1912.09508, draw what belongs together as one block.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from jaxtyping import Float64, Shaped

from vocable.errors import MeasureError

DRAWS = 10_000

Values = Shaped[np.ndarray, "_"]  # one for each clip, of any type of number
ByOwner = Float64[np.ndarray, "columns owners"]
Means = Float64[np.ndarray, "draws columns"]


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
    sums, sizes = np.bincount(owner, weights=values)[None], np.bincount(owner)[None]
    (low,), (high,) = ends(bootstrap_means(sums, sizes.astype(float), seed=seed), sizes)
    return Interval(float(values.mean()), float(low), float(high))


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


def bootstrap_means(sums: ByOwner, sizes: ByOwner, *, seed: int = 0) -> Means:
    """Return the means of each column over draws of owners, the same draws for all columns.

    sums, sizes: of the values of each owner; an owner without values has 0 of both, and a draw of
    such owners alone has the mean NaN.
    """
    counts = _draws(sums.shape[1], seed)
    kinds, kind = np.unique(sizes, axis=0, return_inverse=True)  # most columns lack nothing
    with np.errstate(invalid="ignore"):
        means: Means = (counts @ sums.T) / (counts @ kinds.T)[:, kind.reshape(-1)]
    return means


def ends(
    means: Means, sizes: Shaped[np.ndarray, "columns owners"]
) -> tuple[Float64[np.ndarray, "columns"], Float64[np.ndarray, "columns"]]:
    """Return the ends of the 95 % intervals of means, or other figures, that are bootstrapped.

    NaN for fewer than two owners, and without draws. sizes: as for the means. The share outside is
    2 Φ(-t √(n / (n - 1))) for n owners with values, t the 97.5 % quantile of Student's distribution
    of n - 1 degrees.
    """
    owners = np.count_nonzero(sizes, axis=1)
    low, high = np.full((2, owners.size), np.nan)
    for n in np.unique(owners[owners > 1]) if len(means) else ():
        outside = NormalDist().cdf(-student_quantile(int(n) - 1) * np.sqrt(n / (n - 1)))
        drawn = np.nanquantile(means[:, owners == n], (outside, 1 - outside), axis=0)
        low[owners == n], high[owners == n] = drawn
    return low, high


def student_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's distribution, to 1 % from 3 degrees up.

    Abramowitz and Stegun 1964, 26.7.5; with 1 and 2 degrees intervals reach to the last draw.
    """
    z = NormalDist().inv_cdf(0.975)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / degrees**k for k, term in enumerate(terms, 1)))


@lru_cache(maxsize=4)
def _draws(owners: int, seed: int) -> Float64[np.ndarray, "draws owners"]:
    """Return how often each owner is drawn."""
    drawn = np.random.default_rng(seed).integers(0, owners, (DRAWS, owners))
    drawn += owners * np.arange(DRAWS)[:, None]
    counts: np.ndarray = np.bincount(drawn.ravel(), minlength=DRAWS * owners).astype(np.float64)
    return counts.reshape(DRAWS, owners)


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
