"""What is trained: the encoder of units, layers behind it, the vector of what is hidden, heads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.nn.block import Stack
from vocable.units.streaming import StreamingUnits, block_of

WIDTH = 128  # in which frames and classes are compared
TEMPERATURE = 0.1  # of HuBERT's cosines


class Head(nn.Module):
    """Tell classes by the cosine between a map of the frame and a vector of each class."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.map = nn.Linear(channels, WIDTH)
        self.classes = nn.Parameter(torch.rand(classes, WIDTH))

    def forward(self, x: Float[Tensor, "*rows channels"]) -> Float[Tensor, "*rows classes"]:
        """Return the logits."""
        found = F.normalize(self.map(x), dim=-1) @ F.normalize(self.classes, dim=-1).T
        return found / TEMPERATURE


class UnitsNetwork(nn.Module):
    """An encoder of units with `deeper` layers behind its own, and a head for each of `classes`."""

    def __init__(self, units: StreamingUnits, deeper: int, classes: Sequence[int]) -> None:
        super().__init__()
        self.units, config = units, units.config
        self.deeper = Stack(*(block_of(config) for _ in range(deeper)))
        self.norm = nn.LayerNorm(config.channels)
        self.heads = nn.ModuleList(Head(config.channels, each) for each in classes)
        self.hidden = nn.Parameter(torch.rand(2 * config.bands))

    @property
    def layers(self) -> int:
        """The blocks, those behind the encoder's own among them."""
        return len(self.units.encoder.layers.blocks) + len(self.deeper.blocks)

    def forward(
        self, samples: Float[Tensor, "batch time"], hidden: Bool[Tensor, "batch frames"], head: int
    ) -> Float[Tensor, "batch frames classes"]:
        """Return the logits of each frame; those of `hidden` frames are told without hearing."""
        encoder = self.units.encoder
        rows = encoder.frames(samples[..., None])
        rows = torch.where(hidden[..., None], self.hidden, rows)
        x = self.deeper(encoder.layers(encoder.entry(rows)))
        logits: Tensor = self.heads[head](self.norm(x))
        return logits

    @torch.no_grad()
    def features(
        self, samples: Float[Tensor, "batch time"], layer: int
    ) -> Float[Tensor, "batch frames channels"]:
        """Return the output of block `layer`, 1 for the first."""
        encoder = self.units.encoder
        x: Tensor = encoder.entry(encoder.frames(samples[..., None]))
        for block in (*encoder.layers.blocks, *self.deeper.blocks)[:layer]:
            x = block(x)
        return x
