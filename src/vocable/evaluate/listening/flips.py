"""Say how likely a difference is by chance alone, and allow for many differences at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

FLIPS = 10_000  # choices of signs; up to 14 listeners all of them are taken
ROUNDING = 1e-9

P = Float64[np.ndarray, "pairs"]


def sign_flips(gains: Float64[np.ndarray, "pairs listeners"], *, seed: int = 0) -> P:
    """Return two-sided p of each row's sum, had the sign of each listener's gain been chance.

    Fisher 1935, "The design of experiments", 21. With n listeners it is at least 2 / 2^n.
    """
    listeners = gains.shape[1]
    if 2**listeners <= 2 * FLIPS:
        bits = np.arange(2**listeners)[:, None] >> np.arange(listeners) & 1
    else:
        bits = np.random.default_rng(seed).integers(0, 2, (FLIPS, listeners))
        bits[0] = 0  # what was found is one of the choices
    sums = np.abs((1.0 - 2.0 * bits) @ gains.T)
    least = np.abs(gains.sum(axis=1)) - ROUNDING * np.abs(gains).sum(axis=1)
    p: P = (sums >= least).mean(axis=0)
    return p


def holm(p: P) -> P:
    """Return p adjusted for all of them together.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the smallest p counts as
    many times as there are tests, the next one time less, and none less than one before it.
    """
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(1, np.maximum.accumulate((p.size - np.arange(p.size)) * p[order]))
    return adjusted
