"""Weights that are drawn anew wherever they are needed, so that no file has to hold them.

Each tensor follows from its key and shape, by numpy's `RandomState`, whose numbers stay the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor


def tensors(shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """Return a tensor for each key."""
    return {key: _drawn(key, shape) for key, shape in shapes.items()}


def _drawn(key: str, shape: Sequence[int]) -> Tensor:
    noise = np.random.RandomState(zlib.crc32(key.encode())).standard_normal(tuple(shape))
    if len(shape) > 1 and key.endswith("alpha"):  # Snake divides by it
        return torch.tensor(np.exp(0.3 * noise), dtype=torch.float32)
    if key.endswith("weight_g"):  # less than 1, so that rounding does not grow from layer to layer
        return torch.tensor(0.65 * np.exp(0.3 * noise), dtype=torch.float32)
    fan_in = max(1, int(np.prod(shape[1:])))
    value = 1 + 0.2 * noise if len(shape) == 1 and key.endswith("weight") else noise / fan_in**0.5
    if len(shape) == 1 and not key.endswith("weight"):
        value = 0.2 * noise
    return torch.tensor(value, dtype=torch.float32)
