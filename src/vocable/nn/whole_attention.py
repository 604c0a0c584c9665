"""Attention of every row to every row of a recording, without positions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State
from vocable.nn.linear import Linear

SCORES = 1 << 24  # of queries against keys, that are held at once


class WholeAttention(Block):
    """Each row attends to all rows, without positions; `heads` share the channels.

    It needs the recording to its end, so it runs whole only: `lookahead` is None. Rows ask in
    blocks, so that memory follows the rows, not their square; time follows the square.
    """

    lookahead = None
    receptive = None
    owns_output = True

    def __init__(self, channels: int, *, heads: int = 1, bias: bool = True) -> None:
        super().__init__()
        if heads < 1 or channels % heads:
            raise ModelError(f"{channels} channels do not part into {heads} heads; change one")
        self.heads = heads
        self.query, self.key, self.value, self.out = (
            Linear(channels, channels, bias=bias) for _ in range(4)
        )

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Attend over the recording."""
        query, key, value = (
            each(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for each in (self.query, self.key, self.value)
        )
        rows = max(1, SCORES // max(1, x.shape[0] * self.heads * x.shape[1]))
        found = [
            F.scaled_dot_product_attention(asking, key, value)
            for asking in torch.split(query, rows, 2)
        ]
        y: Tensor = self.out(torch.cat(found, 2).transpose(1, 2).flatten(2))
        return y

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Refuse: rows that are still to come are attended to."""
        raise ModelError(
            "WholeAttention attends to the whole recording, so it has no steps; run the block whole"
        )
