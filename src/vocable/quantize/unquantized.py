"""The place of a quantizer in tokenizers whose frames stay floats."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.quantize.base import Health, Quantized, Quantizer
from vocable.quantize.health import energy_of
from vocable.quantize.level_codes import LevelCodes, as_levels


class Unquantized(Quantizer):
    """Hand latents on as they are: one "level", `[batch, frames, dim]` of floats, no codebook.

    Its spec has a `vocable.tokens.Latent` in the place of levels.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim, self.levels, self.prefixes = dim, (), (1,)

    def encode(self, z: Float[Tensor, "batch frames dim"], levels: int | None = None) -> LevelCodes:
        """Return the latents, as the one level."""
        self.wanted_levels(levels)
        return (z,)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        """Return the one level."""
        levels = as_levels(codes)
        self.wanted_levels(len(levels))
        return levels[0]

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        """Return the latents with their gradient; there is nothing to lose, nor to learn."""
        return Quantized(z, (z,), {}, Health((), energy_of(z)[None]))

    def no_codes(self, batch: int, levels: int | None, device: torch.device) -> Sequence[Tensor]:
        """Return latents of no frames."""
        self.wanted_levels(levels)
        return (torch.zeros(batch, 0, self.dim, dtype=torch.float32, device=device),)

    def wanted_levels(self, levels: int | None) -> int:
        """Return 1; refuse another number."""
        if levels not in (None, 1):
            raise ModelError(f"levels is {levels} but latents are 1; leave it out")
        return 1
