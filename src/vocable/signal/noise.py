"""White noise that is a function of its absolute position, so that decoding repeats to the bit."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

_MASK = 0xFFFFFFFF


def _mix(x: Tensor) -> Tensor:
    """Scramble integers below 2^32 so that neighbours share nothing ("lowbias32", Wellons 2018)."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return x ^ (x >> 16)


def noise(position: Int[Tensor, "*shape"], seed: int = 0) -> Float[Tensor, "*shape"]:
    """Return uniform noise of variance 1 at absolute sample positions, the same on every device."""
    low = _mix((position & _MASK) ^ (seed & _MASK))
    mixed = _mix(low ^ _mix((position >> 32) & _MASK))
    return (mixed.to(torch.float32) / 2**31 - 1.0) * 3**0.5
