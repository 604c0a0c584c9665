"""The transformer that FACodec hears voices by, and prosody in its second version.

Each row attends to all. What would be the positions is one constant for all rows.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn import Block, Conv1d, LayerNorm, Linear, Residual, Stack
from vocable.nn.activation import LeakyReLU


def first_position(width: int) -> Float[Tensor, " width"]:
    """Return the first position of sines and cosines, which all rows of a recording have."""
    return torch.arange(width, device="cpu").remainder(2).float()


def layers(width: int, heads: int, hidden: int, kernel: int, count: int) -> Stack:
    """Return so many layers of attention and of a map of rows that sees `kernel` of them."""
    return Stack(*(_layer(width, heads, hidden, kernel) for _ in range(count)))


def _layer(width: int, heads: int, hidden: int, kernel: int) -> Stack:
    wide = Conv1d(width, hidden, kernel, pad=(kernel // 2, kernel // 2))
    back = Linear(hidden, width)
    return Stack(
        Residual(Stack(LayerNorm(width), Everywhere(width, heads))),
        Residual(Stack(LayerNorm(width), wide, LeakyReLU(), back)),
    )


class Everywhere(Block):
    """Each row attends to all of the recording, without positions; so it runs whole only."""

    lookahead = None
    receptive = None

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise ModelError(f"{channels} channels do not part into {heads} heads; change one")
        self.heads = heads
        self.into, self.out = Linear(channels, 3 * channels), Linear(channels, channels)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Attend: queries, keys and values are one map, in this order."""
        apart = self.into(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*apart.unbind(0))
        y: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return y

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Refuse: the first row needs the last."""
        raise ModelError("Everywhere attends to all of the recording; run the block whole")
