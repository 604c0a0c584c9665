"""How tensors of torch's own layers become those of our blocks."""

from __future__ import annotations

from torch import Tensor

from vocable.nn.transposed import from_torch


def pointwise(weight: Tensor) -> Tensor:
    """Return a convolution of kernel 1, `[out, in, 1]`, as the weight of a `Linear`."""
    return weight.squeeze(-1)


def transposed(weight: Tensor) -> Tensor:
    """Return the weight of a transposed convolution whose kernel is twice its stride."""
    return from_torch(weight, weight.shape[2] // 2)


def transposed_patch(weight: Tensor) -> Tensor:
    """Return the weight of a transposed convolution whose kernel is its stride."""
    return from_torch(weight, weight.shape[2])


def per_channel(value: Tensor) -> Tensor:
    """Return `[1, channels, 1]` as `[channels]`, as `Snake` keeps it."""
    return value.flatten()
