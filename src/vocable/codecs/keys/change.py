"""How tensors of torch's own layers become those of our blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from vocable.nn.transposed import from_torch, to_torch

CONDITIONS = 4  # of WavTokenizer's norms


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


def of_first(rows: Tensor) -> Tensor:
    """Return what a norm of several conditions is for the first, the only one that is used."""
    return rows[0]


def _to_torch(weight: Tensor, layer: nn.Module) -> Tensor:
    return to_torch(weight, layer.stride)  # type: ignore[arg-type]  # of a ConvTranspose1d


# each change, and what takes it back for the layer that has the tensor
BACK: Mapping[Callable[[Tensor], Tensor], Callable[[Tensor, nn.Module], Tensor]] = {
    pointwise: lambda weight, _: weight[..., None],
    transposed: _to_torch,
    transposed_patch: _to_torch,
    per_channel: lambda value, _: value[None, :, None],
    of_first: lambda row, _: row.repeat(CONDITIONS, 1),
}
