"""Blocks side by side on one input, each with channels of its own, and perhaps a rate, too."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.block import Block, State, join


class Abreast(Block):
    """Put the rows of several blocks side by side; in steps, rows wait for the one that is late.

    repeats: how often a row of each block stands, so that all have one rate (default: once each).
    ModelError for blocks that then differ in rate, or look ahead without bound.
    """

    def __init__(self, *blocks: Block, repeats: Sequence[int] = ()) -> None:
        super().__init__()
        self.repeats = tuple(repeats) or (1,) * len(blocks)
        pairs = list(zip(blocks, self.repeats, strict=True))
        ahead = [block.lookahead for block in blocks if block.lookahead is not None]
        rates = {block.ratio * count for block, count in pairs}
        if len(rates) != 1 or len(ahead) != len(blocks) or any(block.short for block in blocks):
            raise ModelError(
                f"blocks side by side are {len(blocks)} that give {[str(r) for r in rates]} rows "
                "per row; give some of one rate, with repeats, of finite look-ahead and whole ends"
            )
        self.blocks, self.ratio = nn.ModuleList(blocks), rates.pop()
        self.stride_in = math.lcm(*(block.stride_in for block in blocks))
        self.lookahead = max(ahead)
        past = [self._past(block) for block in blocks]
        self.receptive = None if None in past else max(n or 0 for n in past) + self.lookahead
        wide = [block.channels_out for block in blocks]
        self.channels_out = None if None in wide else sum(n or 0 for n in wide)

    def _past(self, block: Block) -> int | None:
        """Return the rows that a block sees of the past, and of the stride of all, at most."""
        if block.receptive is None:
            return None
        return block.receptive - (block.lookahead or 0) + self.stride_in - block.stride_in

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those that every block has settled."""
        return min(block.settled(rows) * count for block, count in self._members())

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Run each block whole."""
        return torch.cat([_repeated(block(x), count) for block, count in self._members()], 2)

    def initial_state(self, batch: int) -> State:
        """Return the states of the blocks, and their rows that wait for others (none yet)."""
        none = self.zeros(batch, 0, 0)
        return tuple((block.initial_state(batch), none) for block, _ in self._members())

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step each block; give the rows that all of them have given."""
        rows, after = [], []
        for (block, count), (own, waiting) in zip(self._members(), state, strict=True):
            y, own = block.step(x, own)
            rows.append(join(waiting, _repeated(y, count)))
            after.append(own)
        done = min(each.shape[1] for each in rows)
        if not done:
            none = self.zeros(len(x), 0, self.channels_out or 0)
            return none, tuple(zip(after, rows, strict=True))
        waits = [each[:, done:].clone() for each in rows]
        y = torch.cat([each[:, :done] for each in rows], 2)
        return y, tuple(zip(after, waits, strict=True))

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Finish each block."""
        rows = [
            join(waiting, _repeated(block.finish(own), count))
            for (block, count), (own, waiting) in zip(self._members(), state, strict=True)
        ]
        if not rows[0].shape[1]:
            return self.zeros(len(rows[0]), 0, self.channels_out or 0)
        return torch.cat(rows, 2)

    def _members(self) -> list[tuple[Block, int]]:
        blocks: tuple[Block, ...] = tuple(self.blocks._modules.values())  # type: ignore[arg-type]
        return list(zip(blocks, self.repeats, strict=True))


def _repeated(rows: Tensor, count: int) -> Tensor:
    return rows if count == 1 else rows.repeat_interleave(count, 1)
