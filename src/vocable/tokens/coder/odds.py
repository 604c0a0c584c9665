"""Turn what a model says of the next code into integers that a coder takes, by fixed rules.

Logits are rounded to steps of 1/64 bit below the largest, and from there on all is integers: equal
logits give equal frequencies on every machine. How much that costs against the logits themselves
is below a thousandth of the bits (`python -m benchmarks.lm_coder`); 16 bits in place of 20 would
cost 2048 codes 3 % of all slots.

weight      w = ⌊2^(28 - steps / 64)⌋, 0 from 29 bits on
edges       e(k) = k + ⌊(w(0) + … + w(k - 1)) · (2²⁰ - size) / (w(0) + … + w(size - 1))⌋
frequency   e(k + 1) - e(k), at least 1
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64

from ...errors import ModelError

PRECISION = 20
STEPS = 64  # of a bit
MAX_SIZE = 1 << 14
_WEIGHT_BITS = 28


class Odds(NamedTuple):
    """Frequencies of the codes that may come next, which sum to 2²⁰, as `Table` has them."""

    cumulative: Int64[np.ndarray, " size"]
    frequencies: Int64[np.ndarray, " size"]


def odds(logits: Float32[np.ndarray, "rows size"]) -> list[Odds]:
    """Return the odds of each row; ModelError for logits that are not numbers."""
    if not np.isfinite(logits).all():
        raise ModelError("the model gives logits that are not numbers; look at its weights")
    below = (logits.max(1, keepdims=True) - logits) * np.float32(STEPS / np.log(2))
    steps = np.minimum(np.rint(below), (_WEIGHT_BITS + 1) * STEPS).astype(np.int64)
    weights = _fractions()[steps % STEPS] >> steps // STEPS
    sums = np.cumsum(weights, 1)
    size = logits.shape[1]
    edges = sums * ((1 << PRECISION) - size) // sums[:, -1:] + np.arange(1, size + 1)
    before = np.concatenate((np.zeros_like(edges[:, :1]), edges[:, :-1]), 1)
    return [Odds(*each) for each in zip(before, edges - before, strict=True)]


@lru_cache(maxsize=1)
def _fractions() -> Int64[np.ndarray, " steps"]:
    """Return ⌊2^(28 - k / 64)⌋; decimal arithmetic is the same everywhere."""
    exact = Context(prec=40)
    powers = [exact.power(Decimal(2), _WEIGHT_BITS - Decimal(k) / STEPS) for k in range(STEPS)]
    return np.array([int(power) for power in powers], np.int64)
