"""Make white noise that depends only on seed and position, so that decoding repeats to the bit."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

_MASK = 0xFFFFFFFF


def noise(position: Int[Tensor, "*shape"], seed: int = 0) -> Float[Tensor, "*shape"]:
    """Return uniform white noise of variance 1 at absolute sample positions, equal on any device.

    The hash of the position is "lowbias32" of Wellons 2018 ("Prospecting for hash functions"),
    applied to both halves of 64 bits.
    """
    low = _hash((position & _MASK) ^ (seed & _MASK))
    mixed = _hash(low ^ _hash((position >> 32) & _MASK))
    return (mixed.to(torch.float32) / 2**31 - 1.0) * 3**0.5


def _hash(x: Tensor) -> Tensor:
    """Scramble integers below 2^32 so that those of neighbours are unrelated."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return x ^ (x >> 16)
