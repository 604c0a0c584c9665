"""A linear map with what adapters add to its output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.block import Block, State
from vocable.nn.lora.settings import LoraSettings


class LowRank(nn.Module):
    """`scale · up(down(x))`, through `rank` channels, in fp32; 0 until it has learnt."""

    def __init__(self, channels_in: int, channels_out: int, settings: LoraSettings) -> None:
        super().__init__()
        self.scale = settings.scale
        self.dropout = nn.Dropout(settings.dropout)
        self.down = nn.Parameter(torch.empty(settings.rank, channels_in, dtype=torch.float32))
        self.up = nn.Parameter(torch.zeros(channels_out, settings.rank, dtype=torch.float32))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))  # as PEFT

    def forward(self, x: Float[Tensor, "*rows channels"]) -> Float[Tensor, "*rows channels_out"]:
        """Map each row."""
        x = self.dropout(x.to(self.down.dtype))
        return F.linear(F.linear(x, self.down), self.up) * self.scale

    def weight(self) -> Float[Tensor, "channels_out channels"]:
        """Return the map as one matrix."""
        return self.up @ self.down * self.scale


class AdaptedLinear(Block):
    """A linear map of any class, and pairs that each add to some rows of its output.

    The map may take more than its rows (where they stand, say), and is as it was.
    """

    owns_output = True

    def __init__(
        self, base: nn.Module, pairs: Sequence[LowRank], rows: Sequence[tuple[int, int]]
    ) -> None:
        super().__init__()
        self.base = base
        self.pairs = nn.ModuleList(pairs)
        self._rows = tuple(rows)  # of each pair, in order and apart
        self.channels_out = len(base.weight)  # type: ignore[arg-type]

    def forward(
        self, x: Float[Tensor, "*rows channels"], *more: Any
    ) -> Float[Tensor, "*rows channels_out"]:
        """Map each row."""
        y: Tensor = self.base(x, *more)
        parts, at = [], 0
        for pair, (begin, end) in zip(self.pairs, self._rows, strict=True):
            if begin > at:
                parts.append(y[..., at:begin])
            parts.append((y[..., begin:end] + pair(x)).to(y.dtype))
            at = end
        if at < y.shape[-1]:
            parts.append(y[..., at:])
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Map each row; there is no state."""
        return self.forward(x), state
