"""Rows drawn from what rows like them may be: noise that flows to data along learnt velocities.

"Flow Matching for Generative Modeling" (Lipman et al. 2023, arXiv:2210.02747), on the straight
paths of "Flow Straight and Fast" (Liu et al. 2023, arXiv:2209.03003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.block import Block, Stack, State
from vocable.nn.convnext import ConvNeXtBlock
from vocable.nn.linear import Linear
from vocable.nn.noise import NoiseSource
from vocable.nn.norm import LayerNorm

_TURNS = 16  # sines and cosines that say the time


@dataclass(eq=False)
class FlowSource(NoiseSource):
    """What flows draw from, and in how many steps; one for all sessions of a model.

    steps: of Euler's from noise to data; a stream keeps as many as it began with.
    """

    steps: int = 4


class Flow(Block):
    """Draw rows given conditions, `[batch, time, conditions] -> [batch, time, channels]`.

    At time 0 a row is normal noise, at 1 data; on the straight line between, a causal trunk says
    the velocity, `data - noise` in the mean. Steps of Euler's lead from the one to the other. Noise
    is drawn from `source` by the place of the row in its stream, so that the same conditions give
    the same rows; without noise (`source.draw = None`) a row begins in the middle of it.
    ModelError for less than one step.
    """

    def __init__(
        self,
        conditions: int,
        channels: int,
        *,
        width: int,
        blocks: int,
        source: FlowSource,
    ) -> None:
        super().__init__()
        self.source, self.channels_out = source, channels
        self.told, self.into = Linear(conditions, width), Linear(channels, width, bias=False)
        self.time = nn.Sequential(nn.Linear(2 * _TURNS, width), nn.GELU(), nn.Linear(width, width))
        self.trunk = Stack(*(ConvNeXtBlock(width) for _ in range(blocks)))
        self.norm, self.out = LayerNorm(width), Linear(width, channels)
        self.receptive = 1 + self._steps() * ((self.trunk.receptive or 1) - 1)

    def initial_state(self, batch: int) -> State:
        """Return the place of the next row, and the trunk's state in each step."""
        place = self.zeros(batch).long()
        return place, tuple(self.trunk.initial_state(batch) for _ in range(self._steps()))

    def step(
        self, x: Float[Tensor, "batch time conditions"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Draw the rows of these conditions."""
        place, trunks = state
        rows, after, told = self._noise(place, x), [], self.told.forward(x)
        for number, own in enumerate(trunks):
            time = rows.new_full((x.shape[0], 1, 1), number / len(trunks))
            velocity, own = self._velocity(rows, told, time, own)
            rows = rows + velocity / len(trunks)
            after.append(own)
        return rows.to(x.dtype), (place + x.shape[1], tuple(after))

    def drawn(
        self, x: Float[Tensor, "batch time conditions"], data: Float[Tensor, "batch time channels"]
    ) -> tuple[Float[Tensor, "batch time channels"], Float[Tensor, "batch time channels"]]:
        """Return, for training, how far velocities are off, and the data that they lead to.

        Each item is somewhere on its line, at a time that is drawn. In fp32.
        """
        data = data.float()
        noise, time = torch.randn_like(data), torch.rand_like(data[:, :1, :1])
        rows = torch.lerp(noise, data, time)
        told = self.told.forward(x)
        velocity, _ = self._velocity(rows, told, time, self.trunk.initial_state(len(x)))
        return velocity - (data - noise), rows + (1 - time) * velocity

    def _steps(self) -> int:
        if self.source.steps < 1:
            raise ModelError(f"a flow takes 1 step or more, got {self.source.steps}")
        return self.source.steps

    def _velocity(
        self, rows: Tensor, told: Tensor, time: Float[Tensor, "batch 1 1"], state: Any
    ) -> tuple[Float[Tensor, "batch time channels"], Any]:
        begun = told + self.into.forward(rows.to(told.dtype)) + self.time(_turns(time, told.dtype))
        y, state = self.trunk.step(begun, state)
        return self.out.forward(self.norm.forward(y)).float(), state

    def _noise(self, place: Tensor, x: Tensor) -> Float[Tensor, "batch time channels"]:
        """Return rows of noise from the places of streams on."""
        shape = (*x.shape[:2], self.channels_out or 0)
        if self.source.draw is None:
            return torch.zeros(shape, dtype=torch.float32, device=x.device)
        values = torch.arange(shape[1] * shape[2], device=x.device)
        found = self.source.draw(0, place[:, None] * shape[2] + values)
        return found.reshape(shape).float()


def _turns(time: Float[Tensor, "batch 1 1"], dtype: torch.dtype) -> Tensor:
    """Return sines and cosines of a time at octaves from half a turn on, `[batch, 1, 2 · 16]`."""
    octaves = [math.pi * 2 ** (number / 2) for number in range(_TURNS)]
    angle = time * torch.tensor(octaves, dtype=torch.float32, device=time.device)
    return torch.cat([angle.sin(), angle.cos()], -1).to(dtype)
