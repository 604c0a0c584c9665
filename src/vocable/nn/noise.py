"""Noise that a decoder adds to its own channels, the same whenever the same codes are decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.block import Block, State
from vocable.signal.noise import gaussian_noise

Draw: TypeAlias = Callable[[int, Tensor], Tensor]
"""The noise of a block, by its number, at absolute rows `[batch, rows]`: one value each."""


def seeded_noise(seed: int) -> Draw:
    """Return noise that depends on the seed, the block and the row, and on nothing else."""
    return partial(_gaussian, seed)


def _gaussian(seed: int, block: int, position: Tensor) -> Tensor:
    return gaussian_noise(position, seed, block)


@dataclass(eq=False)
class NoiseSource:
    """What the noise blocks of a decoder draw from, one for all of them and for all sessions.

    draw: another seed's, values of your own, or None for no noise. What counts is the row's place
    in its stream: not the index in a batch, so that an item sounds as it does alone.
    """

    draw: Draw | None = field(default_factory=lambda: seeded_noise(0))


class NoiseBlock(Block):
    """`x + n · (W x)`, `n` noise of variance 1, one value a row for all channels (SNAC).

    While training it is random, otherwise drawn from `source` as block `number`.
    """

    def __init__(self, channels: int, *, number: int, source: NoiseSource) -> None:
        super().__init__()
        self.number, self.source = number, source
        self.weight = nn.Linear(channels, channels, bias=False).weight

    def initial_state(self, batch: int) -> State:
        """Return the place of the next row, one for each stream."""
        return self.zeros(batch).long()

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Add noise to the rows."""
        rows = x.shape[1]
        position = state[:, None] + torch.arange(rows, device=x.device)
        noise = self._noise(position)
        if noise is None:
            return x, state + rows
        scaled = noise[..., None].to(x.dtype) * F.linear(x, self.weight)
        return x + scaled, state + rows

    def _noise(self, position: Tensor) -> Tensor | None:
        draw = self.source.draw
        if draw is not None and self.training and torch.is_grad_enabled():
            return torch.randn(position.shape, device=position.device, dtype=torch.float32)
        return None if draw is None else draw(self.number, position)
