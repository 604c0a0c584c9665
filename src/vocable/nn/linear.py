"""Linear maps of each row."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.block import Block, State


class Linear(Block):
    """`x @ weight.T + bias` on each row; `weight` is `[channels_out, channels_in]`, as in torch."""

    def __init__(self, channels_in: int, channels_out: int, *, bias: bool = True) -> None:
        super().__init__()
        made = nn.Linear(channels_in, channels_out, bias=bias)
        self.weight, self.bias = made.weight, made.bias

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Map each row."""
        return F.linear(x, self.weight, self.bias)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Map each row; there is no state."""
        return self.forward(x), state
