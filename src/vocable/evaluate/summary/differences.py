"""Say which systems differ, and how many owners would tell where nobody can say yet.

Every system is compared with every other that is not a control, within a set and by each measure.
Which pairs are asked about is so fixed before anything is heard: a choice by rank would have looked
at the scores already, and a table of neighbours answers only the question of who made it. Controls
are a scale, known beforehand, and would only make the adjustment dearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import ceil, log2
from statistics import NormalDist

import numpy as np
from jaxtyping import Float64

from vocable.evaluate.intervals import ByOwner
from vocable.evaluate.summary.board import Board
from vocable.evaluate.summary.values import LEVEL, Difference

POWER = 0.8
FLIPS = 10_000  # at least; and this many for each pair, or the adjusted p could not be small:
FLIPS_OF_A_PAIR = 100
ROUNDING = 1e-9  # of a sum: flips that give the same sum again differ by this little
BLOCK = 1000  # flips at a time

P = Float64[np.ndarray, "pairs"]


def differences(board: Board) -> list[Difference]:
    """Return the differences of all pairs of systems that have recordings in common."""
    pairs = list(combinations(board.judged, 2))
    return [found for m in board.measures if pairs for found in _of_measure(board, m, pairs)]


def _of_measure(board: Board, measure: str, pairs: Sequence[tuple[str, str]]) -> list[Difference]:
    gains = board.gains(measure, pairs)
    has_some = ~np.isnan(gains).all(axis=1)
    gains, pairs = (
        gains[has_some],
        [pair for pair, some in zip(pairs, has_some, strict=True) if some],
    )
    if not pairs:
        return []
    sums, sizes = board.by_owner(gains)
    p = sign_flips(sums)
    adjusted, levels = holm(p)
    found = board.intervals(gains)
    return [
        Difference(
            board.set,
            measure,
            first,
            second,
            interval,
            int(sizes[k].sum()),
            float(p[k]),
            float(adjusted[k]),
            needed(sums[k], sizes[k], float(levels[k])),
        )
        for k, ((first, second), interval) in enumerate(zip(pairs, found, strict=True))
        if interval is not None
    ]


def sign_flips(sums: ByOwner, *, seed: int = 0) -> P:
    """Return two-sided p of each column's sum, had the sign of each owner's sum been chance.

    Of all choices of signs where there are few, else of at least 10 000 random ones, to which the
    one that was found is added. Fisher 1935, "The design of experiments", 21.
    """
    pairs, owners = sums.shape
    flips = max(FLIPS, FLIPS_OF_A_PAIR * pairs)
    all_of_them = 2 ** (owners - 1)  # the other half has the opposite sums
    exact = all_of_them <= flips
    count = all_of_them if exact else flips
    least = np.abs(sums.sum(axis=1)) - ROUNDING * np.abs(sums).sum(axis=1)
    random = np.random.default_rng(seed)
    reached = np.zeros(pairs)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        if exact:
            bits = np.arange(start, start + size)[:, None] >> np.arange(owners) & 1
        else:
            bits = random.integers(0, 2, (size, owners), np.int8)
        reached += (np.abs((1.0 - 2.0 * bits) @ sums.T) >= least).sum(axis=0)
    p: P = reached / count if exact else (reached + 1) / (count + 1)
    return p


def holm(p: P) -> tuple[P, P]:
    """Return p adjusted for all of them together, and the level that each has to reach.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the smallest p counts as
    many times as there are tests, the next one time less, and none less than one before it.
    """
    order = np.argsort(p, kind="stable")
    times = p.size - np.arange(p.size)
    adjusted, levels = np.empty(p.size), np.empty(p.size)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(times * p[order]))
    levels[order] = LEVEL / times
    return adjusted, levels


def needed(
    sums: Float64[np.ndarray, "owners"], sizes: Float64[np.ndarray, "owners"], level: float = LEVEL
) -> int | None:
    """Return how many owners would settle a difference of this mean, with a power of 80 %.

    sums, sizes: of each owner's differences. level: of the two-sided test. None where the mean is
    0, or has no spread to go by. (z_level + z_power)² spread² / mean² + z_level² / 2: the last part
    is for the spread, which is not known but estimated (Guenther 1981). It is never fewer than
    those whose signs, all alike, would be as rare as the level.
    """
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    mean = float(sums.sum() / sizes.sum())
    if sums.size < 2 or abs(mean) <= ROUNDING * np.abs(sums).sum() / sizes.sum():
        return None
    spread = float(np.std((sums - mean * sizes) / sizes.mean(), ddof=1))
    z, z_power = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(POWER)
    count = ((z + z_power) * spread / mean) ** 2 + z**2 / 2
    return max(ceil(count), ceil(1 - log2(level)))
