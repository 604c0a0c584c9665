"""Linear maps of rows: one for all positions, or one for each."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.linear import linear
from vocable.nn.packed import PackedWeight


class Map(nn.Module):
    """`x @ weight.T + bias` on each row, wherever it stands."""

    packed: PackedWeight | None = None  # a session's

    def __init__(self, channels_in: int, channels_out: int, *, bias: bool = False) -> None:
        super().__init__()
        made = nn.Linear(channels_in, channels_out, bias=bias)
        self.weight, self.bias = made.weight, made.bias

    def forward(
        self, x: Float[Tensor, "batch time channels"], first: int = 0
    ) -> Float[Tensor, "batch time channels_out"]:
        """Map each row; `first`, the position of the first row, is not asked for."""
        return linear(x, self.weight, self.bias, self.packed)


class MapOfSets(nn.Module):
    """A map for each position: row p takes `weight[p]`, of `[sets, channels_out, channels_in]`."""

    def __init__(
        self, channels_in: int, channels_out: int, *, sets: int, bias: bool = False
    ) -> None:
        super().__init__()
        bound = 1 / math.sqrt(channels_in)
        self.weight = nn.Parameter(torch.empty(sets, channels_out, channels_in))
        self.bias = nn.Parameter(torch.empty(sets, channels_out)) if bias else None
        for values in self.parameters():
            nn.init.uniform_(values, -bound, bound)

    def forward(
        self, x: Float[Tensor, "batch time channels"], first: int = 0
    ) -> Float[Tensor, "batch time channels_out"]:
        """Map rows that stand at `first` and after."""
        if x.shape[1] == 1:
            bias = None if self.bias is None else self.bias[first]
            return linear(x, self.weight[first], bias)
        chosen = slice(first, first + x.shape[1])
        y = torch.einsum("btc,toc->bto", x, self.weight[chosen])
        return y if self.bias is None else y + self.bias[chosen]


def make_map(
    channels_in: int, channels_out: int, sets: int | None, *, bias: bool = False
) -> Map | MapOfSets:
    """Return a map, or one of so many sets."""
    if sets is None:
        return Map(channels_in, channels_out, bias=bias)
    return MapOfSets(channels_in, channels_out, sets=sets, bias=bias)
