"""What is trained: the encoder of units, layers behind it, and the parts of an objective."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.block import Stack
from vocable.units.streaming import StreamingUnits, block_of


class UnitsNetwork(nn.Module):
    """An encoder of units with `deeper` layers behind its own, and the `parts` of an objective."""

    def __init__(self, units: StreamingUnits, deeper: int) -> None:
        super().__init__()
        self.units = units
        self.deeper = Stack(*(block_of(units.config) for _ in range(deeper)))
        self.norm = nn.LayerNorm(units.config.channels)
        self.parts = nn.Module()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.norm.weight.device

    @property
    def layers(self) -> int:
        """The blocks, those behind the encoder's own among them."""
        return len(self.units.encoder.layers.blocks) + len(self.deeper.blocks)

    def log_mels(
        self, samples: Float[Tensor, "batch time"]
    ) -> Float[Tensor, "batch frames channels"]:
        """Return the rows that the encoder hears."""
        found: Tensor = self.units.encoder.frames(samples[..., None])
        return found

    def contexts(
        self, rows: Float[Tensor, "batch frames bands"]
    ) -> Float[Tensor, "batch frames channels"]:
        """Return what the last block makes of `log_mels`, normalised."""
        encoder = self.units.encoder
        found: Tensor = self.norm(self.deeper(encoder.layers(encoder.entry(rows))))
        return found

    @torch.no_grad()
    def features(
        self, samples: Float[Tensor, "batch time"], layer: int
    ) -> Float[Tensor, "batch frames channels"]:
        """Return the output of block `layer`, 1 for the first, normalised as units are made of."""
        encoder = self.units.encoder
        x: Tensor = encoder.entry(self.log_mels(samples))
        for block in (*encoder.layers.blocks, *self.deeper.blocks)[:layer]:
            x = block(x)
        found: Tensor = self.units.encoder.norm(x)
        return found
