"""Blocks under one of several conditions, which norms know by number: a bandwidth, say."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.block import Block, Residual, Stack, State


class AdaLayerNorm(Block):
    """Normalise each row over its channels; each condition has a scale and a shift of its own.

    "Vocos" (Siuzdak 2023, arXiv:2306.00814). The number of the condition is the state, from 0 on:
    a stream begins under condition 0, and `Conditioned` puts another in its place.
    """

    def __init__(self, channels: int, conditions: int, *, eps: float = 1e-6) -> None:
        super().__init__()
        self.channels, self.eps = channels, eps
        self.scale = nn.Parameter(torch.ones(conditions, channels))
        self.shift = nn.Parameter(torch.zeros(conditions, channels))

    def initial_state(self, batch: int) -> State:
        """Return condition 0 for each stream, `[batch, 1]`."""
        return torch.zeros(batch, 1, dtype=torch.int64, device=self.scale.device)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Normalise each row; the condition stays."""
        y = F.layer_norm(x, (self.channels,), eps=self.eps)
        return torch.addcmul(self.shift[state], y, self.scale[state]), state


class Conditioned(Block):
    """`block` under a condition: the last channel of its rows is the number of it.

    The others are what `block` gets. A stream keeps its condition; streams of a batch may differ.
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        if block.lookahead is None:
            raise ModelError(
                f"only a block that has steps runs under a condition, {type(block).__name__} looks "
                "ahead without bound"
            )
        self.block = block
        self.stride_in, self.ratio, self.short = block.stride_in, block.ratio, block.short
        self.lookahead, self.receptive = block.lookahead, block.receptive
        self.channels_out = block.channels_out

    @property
    def step_in(self) -> int:
        """The rows of a step of the block."""
        return self.block.step_in

    @property
    def ragged(self) -> bool:
        """Whether input may end inside a stride of the block."""
        return self.block.ragged

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of the block."""
        return self.block.settled(rows)

    def reach(self, rows: int) -> int | None:
        """Return how many input rows so many output rows depend on: those of the block."""
        return self.block.reach(rows)

    def initial_state(self, batch: int) -> State:
        """Return the state of the block."""
        return self.block.initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step the block under the condition of the first row."""
        if x.shape[1]:
            # a row that is NaN gives NaN anyhow, and would be no number
            condition = x[:, :1, -1].nan_to_num(0.0, 0.0, 0.0).long()
            state = _told(self.block, state, condition)
        return self.block.step(x[..., :-1], state)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Finish the block."""
        return self.block.finish(state)


def _told(block: Block, state: State, condition: Int[Tensor, "batch 1"]) -> State:
    """Return the state of a block in which every norm has this condition."""
    if isinstance(block, AdaLayerNorm):
        return condition
    if isinstance(block, Residual):
        return _told(block.branch, state[0], condition), *state[1:]
    if isinstance(block, Stack):
        members = zip(block._members(), state, strict=True)
        return tuple(_told(member, own, condition) for member, own in members)
    return state
