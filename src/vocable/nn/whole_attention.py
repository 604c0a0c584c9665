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
    """Each row attends to all rows, in one head as wide as the row; maps have biases.

    It needs the recording to its end, so it runs whole only: `lookahead` is None. Rows ask in
    blocks, so that memory follows the rows, not their square; time follows the square.
    """

    lookahead = None
    receptive = None
    owns_output = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (Linear(channels, channels) for _ in range(4))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Attend over the recording."""
        key, value = self.key(x), self.value(x)
        rows = max(1, SCORES // max(1, x.shape[0] * x.shape[1]))
        found = [
            F.scaled_dot_product_attention(asking[:, None], key[:, None], value[:, None])[:, 0]
            for asking in torch.split(self.query(x), rows, 1)
        ]
        y: Tensor = self.out(torch.cat(found, 1))
        return y

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Refuse: rows that are still to come are attended to."""
        raise ModelError(
            "WholeAttention attends to the whole recording, so it has no steps; run the block whole"
        )
