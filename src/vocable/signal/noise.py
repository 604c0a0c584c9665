"""Make white noise that depends only on seed and position, so that decoding repeats to the bit."""

from __future__ import annotations

from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

Word = TypeVar("Word", int, Tensor)

_MASK = 0xFFFFFFFF
_START = 0x9E3779B9  # of keys; the hash of 0 is 0, which would make the first value an extreme one


def gaussian_noise(position: Int[Tensor, "*shape"], *key: int) -> Float[Tensor, "*shape"]:
    """Return white noise of the normal distribution at absolute positions, its own for each key.

    key: integers that together name a sequence, say a seed and the number of a layer. Equal on any
    device but for the last digits of the error function's inverse.
    """
    seed = _START
    for word in key:
        seed = _hash(seed ^ (word & _MASK))
    # the upper 23 bits, at the middle of their steps: exact in fp32, and never 0 or 1
    share = ((_bits(position, seed) >> 9).to(torch.float32) + 0.5) / 2**22 - 1.0
    return torch.erfinv(share) * 2**0.5


def noise(position: Int[Tensor, "*shape"], seed: int = 0) -> Float[Tensor, "*shape"]:
    """Return uniform white noise of variance 1 at absolute sample positions, equal on any device.

    The hash of the position is "lowbias32" of Wellons 2018 ("Prospecting for hash functions"),
    applied to both halves of 64 bits.
    """
    return (_bits(position, seed).to(torch.float32) / 2**31 - 1.0) * 3**0.5


def _bits(position: Tensor, seed: int) -> Tensor:
    """Return 32 random bits at each position, as integers."""
    low = _hash((position & _MASK) ^ (seed & _MASK))
    return _hash(low ^ _hash((position >> 32) & _MASK))


def _hash(x: Word) -> Word:
    """Scramble integers below 2^32 so that those of neighbours are unrelated."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return x ^ (x >> 16)
