"""How tensors of torch's own layers become those of our blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
import torch.nn.functional as F
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


def filled_up(weight: Tensor, stride: int, kernel: int) -> Tensor:
    """Return the weight of a transposed convolution, its kernel filled up to a multiple of stride.

    kernel: that of the weight.
    """
    return from_torch(F.pad(weight, (0, -kernel % stride)), stride)


def per_channel(value: Tensor) -> Tensor:
    """Return `[1, channels, 1]` as `[channels]`, as `Snake` keeps it."""
    return value.flatten()


def per_row(value: Tensor) -> Tensor:
    """Return `[channels, 1]` as `[channels]`, as `Snake` keeps what FocalCodec's has."""
    return value.flatten()


def of_first(rows: Tensor) -> Tensor:
    """Return what a norm of several conditions is for the first, the only one that is used."""
    return rows[0]


def as_gates(value: Tensor) -> Tensor:
    """Return `[1, heads, 1, 1]` as `[heads]`, as WavLM's attention keeps it."""
    return value.flatten()


def flat(value: Tensor) -> Tensor:
    """Return what is one row of numbers, however it lies."""
    return value.flatten()


def deviation(variance: Tensor) -> Tensor:
    """Return standard deviations, in one row; their squares lead back bit for bit."""
    return variance.flatten().sqrt()


def in_halves(rows: Tensor, heads: int) -> Tensor:
    """Return a map of queries, keys and values whose pairs are neighbours with pairs in halves."""
    return _turned(rows, (heads, -1, 2))


def in_pairs(rows: Tensor, heads: int) -> Tensor:
    """Return a map whose pairs are in halves with pairs as neighbours."""
    return _turned(rows, (heads, 2, -1))


def one_in_halves(rows: Tensor, heads: int) -> Tensor:
    """Return a map of queries or of keys whose pairs are neighbours with pairs in halves."""
    return _turned_one(rows, (heads, -1, 2))


def one_in_pairs(rows: Tensor, heads: int) -> Tensor:
    """Return such a map whose pairs are in halves with pairs as neighbours."""
    return _turned_one(rows, (heads, 2, -1))


def _turned(rows: Tensor, parted: tuple[int, int, int]) -> Tensor:
    """Swap the last two ways in which rows of queries and keys are parted."""
    *asked, value = rows.chunk(3)
    return torch.cat([*(_turned_one(part, parted) for part in asked), value])


def _turned_one(rows: Tensor, parted: tuple[int, int, int]) -> Tensor:
    return rows.reshape(*parted, rows.shape[1]).transpose(1, 2).reshape(rows.shape)


def taken_back(change: Callable[[Tensor], Tensor], value: Tensor, layer: nn.Module) -> Tensor:
    """Return what a change made this value of. layer: ours, which has the value."""
    if isinstance(change, partial):
        return _BACK[change.func](value, layer, **change.keywords)
    return _BACK[change](value, layer)


def _to_torch(weight: Tensor, layer: nn.Module) -> Tensor:
    return to_torch(weight, layer.stride)  # type: ignore[arg-type]  # of a ConvTranspose1d


_BACK: Mapping[Callable[..., Tensor], Callable[..., Tensor]] = {
    pointwise: lambda weight, _: weight[..., None],
    transposed: _to_torch,
    transposed_patch: _to_torch,
    from_torch: lambda weight, _, stride: to_torch(weight, stride),
    filled_up: lambda weight, _, stride, kernel: to_torch(weight, stride)[..., :kernel],
    per_channel: lambda value, _: value[None, :, None],
    per_row: lambda value, _: value[:, None],
    of_first: lambda row, _: row.repeat(CONDITIONS, 1),
    flat: lambda value, _: value,
    deviation: lambda value, _: value.square(),
    in_halves: lambda rows, _, heads: in_pairs(rows, heads),
    one_in_halves: lambda rows, _, heads: one_in_pairs(rows, heads),
    as_gates: lambda value, _: value[None, :, None, None],
}
