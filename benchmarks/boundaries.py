"""Say how well edges in time agree, and make edges that know nothing of the sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vocable.measures.phones import PhoneSpan

TOLERANCE = 0.02  # seconds


def phone_edges(spans: Sequence[PhoneSpan]) -> np.ndarray:
    """Return the seconds at which one phone becomes another, or what is none; not the ends."""
    edges = [
        later[0]
        for earlier, later in zip(spans, spans[1:], strict=False)
        if earlier[2] != later[2] or later[0] > earlier[1]
    ]
    return np.array(edges, np.float64)


def hits(found: np.ndarray, wanted: np.ndarray, tolerance: float = TOLERANCE) -> int:
    """Return how many edges agree, each with one at most; both in order, in seconds."""
    count = here = there = 0
    while here < len(found) and there < len(wanted):
        apart = found[here] - wanted[there]
        if abs(apart) <= tolerance + 1e-9:
            count += 1
        here += apart <= tolerance + 1e-9
        there += apart >= -tolerance - 1e-9
    return count


def uniform(count: int, seconds: float) -> np.ndarray:
    """Return as many edges, evenly over a recording."""
    return np.arange(1, count + 1) * seconds / (count + 1)


def drawn(count: int, places: np.ndarray, seed: int) -> np.ndarray:
    """Return as many edges, drawn from places at random."""
    return np.sort(np.random.default_rng(seed).choice(places, count, replace=False))
