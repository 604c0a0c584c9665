"""Blocks side by side, whose mean counts: several reaches over one input, as in HiFi-GAN."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State, join


class Mean(Block):
    """The mean of blocks on one input; in steps, rows wait for the block that looks ahead most.

    ModelError for a block that changes the rate.
    """

    def __init__(self, *blocks: Block) -> None:
        super().__init__()
        for block in blocks:
            if block.ratio != 1 or block.short or block.stride_in != 1:
                raise ModelError(
                    f"a mean is of blocks that keep the rate but {type(block).__name__} gives "
                    f"{block.ratio} rows per row, in strides of {block.stride_in}; change its "
                    "strides"
                )
        if not blocks:
            raise ModelError("a mean needs a block; give 1 or more")
        self.blocks = torch.nn.ModuleList(blocks)
        self.channels_out = blocks[0].channels_out
        ahead = [block.lookahead for block in blocks]
        self.lookahead = None if None in ahead else max(n for n in ahead if n is not None)
        self.receptive = self._receptive(blocks)

    def _receptive(self, blocks: Sequence[Block]) -> int | None:
        """Return the rows from the first that some block sees to the last."""
        if self.lookahead is None:
            return None
        past = 0
        for block in blocks:
            if block.receptive is None or block.lookahead is None:
                return None
            past = max(past, block.receptive - 1 - block.lookahead)
        return past + 1 + self.lookahead

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those that every block has settled."""
        return min(block.settled(rows) for block in self._members())

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Run each block whole."""
        return _mean([block(x) for block in self._members()])

    def initial_state(self, batch: int) -> State:
        """Return the states of the blocks, and their rows that wait for others (none yet)."""
        members = self._members()
        waiting = tuple(self.zeros(batch, 0, 0) for _ in members)
        return tuple(block.initial_state(batch) for block in members), waiting

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step each block; give the rows that all of them have given."""
        rows, after = [], []
        for block, own, waiting in zip(self._members(), *state, strict=True):
            y, own = block.step(x, own)
            rows.append(_joined(waiting, y))
            after.append(own)
        done = min(each.shape[1] for each in rows)
        y = _mean([each[:, :done] for each in rows])
        return y, (tuple(after), tuple(_rest(each, done) for each in rows))

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Finish each block."""
        return _mean(
            [
                _joined(waiting, block.finish(own))
                for block, own, waiting in zip(self._members(), *state, strict=True)
            ]
        )

    def _members(self) -> tuple[Block, ...]:
        return tuple(self.blocks._modules.values())  # type: ignore[arg-type]


def _joined(waiting: Tensor, rows: Tensor) -> Tensor:
    return join(waiting, rows) if waiting.shape[1] else rows


def _rest(rows: Tensor, done: int) -> Tensor:
    """Return the rows that wait, cloned so that a state does not keep all of them alive."""
    if done < rows.shape[1]:
        return rows[:, done:].clone()
    return rows.new_zeros(rows.shape[0], 0, 0)


def _mean(parts: Sequence[Tensor]) -> Tensor:
    if not parts[0].shape[1]:  # of no rows, some have no channels either
        return max(parts, key=lambda part: part.shape[2])
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total / len(parts)
