"""Say how well the entries of one codebook are used."""

from typing import Any

import numpy as np
from jaxtyping import Int64, Integer

from vocable.arrays import to_numpy
from vocable.errors import MeasureError

Counts = Integer[np.ndarray, "entries"]


def count_codes(codes: Any, size: int) -> Int64[np.ndarray, "entries"]:
    """Return how often each of `size` entries occurs in the codes (array or tensor) of a level."""
    flat = to_numpy(codes).reshape(-1)
    if flat.dtype.kind not in "iu":
        raise MeasureError(f"codes must be integers, got {flat.dtype}")
    wrong = flat[(flat < 0) | (flat >= size)]
    if wrong.size:
        raise MeasureError(f"codes must lie in 0 to {size - 1}, got {wrong[0]}")
    return np.bincount(flat, minlength=size).astype(np.int64)


def entropy(counts: Counts) -> float:
    """Return the entropy in bit of the entries drawn with these counts."""
    _check(counts)
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log2(shares))) + 0.0


def perplexity(counts: Counts) -> float:
    """Return 2^entropy: how many equally used entries would carry as much, 1 to the size."""
    return float(2.0 ** entropy(counts))


def used_share(counts: Counts) -> float:
    """Return the share of entries that occur at all, 0 to 1; it grows with what was counted."""
    _check(counts)
    return float(np.mean(counts > 0))


def _check(counts: Counts) -> None:
    if counts.size == 0 or counts.min() < 0 or counts.sum() == 0:
        raise MeasureError("counts must be one or more, not negative and not all zero")
