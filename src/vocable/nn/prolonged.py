"""A block whose end lacks rows gives them after all."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State, join
from vocable.nn.settings import exporting


class Prolonged(Block):
    """`block`, and after its end the rows that it is `short` of: as if its last input row went on.

    All that the block gives stays as it is. What follows comes from other steps, which begin at the
    same state and hear the last row again, as often as it takes to settle every row.
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        if block.lookahead is None or block.stride_in != 1:
            raise ModelError(
                f"only a block of finite look-ahead that takes single rows can be prolonged, but "
                f"{type(block).__name__} has lookahead {block.lookahead}, stride_in "
                f"{block.stride_in}"
            )
        self.block = block
        self.ratio, self.receptive = block.ratio, block.receptive
        self.lookahead = self._again = block.lookahead

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Run whole: in steps, or, for a graph that knows no number of rows, in two wholes."""
        if not exporting():
            return super().forward(x)
        y: Tensor = self.block(x)
        if not self.block.short:
            return y
        reach = self.block.reach(self.block.short + 1)
        assert reach is not None and self._again is not None
        tail = x[:, -reach:]
        more = self.block(
            torch.cat((tail, x.select(1, -1)[:, None].expand(-1, self._again, -1)), 1)
        )
        begin = more.shape[1] - int(self._again * self.ratio)
        return torch.cat((y, more.narrow(1, begin, self.block.short)), 1)

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of the block."""
        return self.block.settled(rows)

    def initial_state(self, batch: int) -> State:
        """Return the block's state and the last row (none yet)."""
        return self.block.initial_state(batch), self.zeros(batch, 0, 0)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step the block, and keep the last row."""
        inner, last = state
        y, inner = self.block.step(x, inner)
        return y, (inner, x[:, -1:].clone() if x.shape[1] else last)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Return the block's rest, and the rows that it lacks."""
        inner, last = state
        rest = self.block.finish(inner)
        if not (last.shape[1] and self.block.short):
            return rest
        further, _ = self.block.step(last.expand(-1, self._again, -1), inner)
        return join(rest, further[:, rest.shape[1] :][:, : self.block.short])
