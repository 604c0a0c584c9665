"""All the discriminators of a recipe as one.

Each returns its feature maps in order; the last one holds its scores (above 0: real).
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from vocable.train.codec.recipe import Adversarial
from vocable.train.codec.spectrum_discriminators import (
    BandsDiscriminator,
    ResidualSpectrumDiscriminator,
    SpectrumDiscriminator,
)
from vocable.train.codec.wave_discriminators import PeriodDiscriminator, ScaleDiscriminator


class Discriminators(nn.Module):
    """All the discriminators of a recipe: `[batch, channels, samples]` to one list of maps each."""

    def __init__(self, table: Adversarial) -> None:
        super().__init__()
        c = table.channels
        self.normalise = table.normalise
        self.members = nn.ModuleList(
            [
                *(ScaleDiscriminator(c, 2**power) for power in range(table.scales)),
                *(PeriodDiscriminator(c, period) for period in table.periods),
                *(SpectrumDiscriminator(c, window) for window in table.windows),
                *(BandsDiscriminator(c, window) for window in table.band_windows),
                *(ResidualSpectrumDiscriminator(c, window) for window in table.residual_windows),
            ]
        )

    def forward(self, x: Float[Tensor, "batch channels samples"]) -> list[list[Tensor]]:
        """Return the maps of each discriminator; every channel is judged by itself."""
        singles = x.flatten(0, 1)[:, None]
        if self.normalise:
            singles = at_one_level(singles)
        return [member(singles) for member in self.members]


def at_one_level(x: Float[Tensor, "batch 1 samples"]) -> Float[Tensor, "batch 1 samples"]:
    """Return waveforms without offset, of peak 0.8: what DAC's discriminators are given."""
    centred = x - x.mean(-1, keepdim=True)
    return 0.8 * centred / (centred.abs().amax(-1, keepdim=True) + 1e-9)
