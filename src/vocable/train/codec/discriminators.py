"""Tell real audio from decoded audio, at several scales, periods and spectral resolutions.

Each discriminator returns its feature maps in order; the last one holds its scores (above 0:
real). Scales after MelGAN (Kumar et al. 2019) as in SoundStream, periods after HiFi-GAN (Kong et
al. 2020), complex spectra after EnCodec (Défossez et al. 2022). Differences: fewer layers and
channels.
"""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn, view_as_real
from torch.nn.utils.parametrizations import weight_norm

from vocable.signal.spectra import spectrum
from vocable.train.codec.recipe import Adversarial

_SLOPE = 0.2  # of the leaky rectifiers


class Discriminators(nn.Module):
    """All the discriminators of a recipe: `[batch, 1, samples]` to one list of maps each."""

    def __init__(self, table: Adversarial) -> None:
        super().__init__()
        self.members = nn.ModuleList(
            [
                *(ScaleDiscriminator(table.channels, 2**power) for power in range(table.scales)),
                *(PeriodDiscriminator(table.channels, period) for period in table.periods),
                *(SpectrumDiscriminator(table.channels, window) for window in table.windows),
            ]
        )

    def forward(self, x: Float[Tensor, "batch channels samples"]) -> list[list[Tensor]]:
        """Return the maps of each discriminator; every channel is judged by itself."""
        singles = x.flatten(0, 1)[:, None]
        return [member(singles) for member in self.members]


class FeatureMaps(nn.Module):
    """Convolutions with leaky rectifiers between them."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(weight_norm(layer) for layer in layers)

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Return the output of each layer."""
        maps = []
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), _SLOPE)
            maps.append(x)
        return [*maps, self.layers[-1](x)]


class ScaleDiscriminator(FeatureMaps):
    """Judge the waveform, averaged over `pool` samples."""

    def __init__(self, channels: int, pool: int) -> None:
        c = channels
        super().__init__(
            nn.Conv1d(1, c, 15, padding=7),
            nn.Conv1d(c, 4 * c, 41, stride=4, padding=20, groups=4),
            nn.Conv1d(4 * c, 16 * c, 41, stride=4, padding=20, groups=16),
            nn.Conv1d(16 * c, 16 * c, 5, padding=2),
            nn.Conv1d(16 * c, 1, 3, padding=1),
        )
        self.pool = pool

    def forward(self, x: Tensor) -> list[Tensor]:
        return self.feature_maps(F.avg_pool1d(x, self.pool) if self.pool > 1 else x)


class PeriodDiscriminator(FeatureMaps):
    """Judge the waveform folded to rows of `period` samples."""

    def __init__(self, channels: int, period: int) -> None:
        c = channels
        super().__init__(
            nn.Conv2d(1, c, (5, 1), (3, 1), padding=(2, 0)),
            nn.Conv2d(c, 4 * c, (5, 1), (3, 1), padding=(2, 0)),
            nn.Conv2d(4 * c, 16 * c, (5, 1), (3, 1), padding=(2, 0)),
            nn.Conv2d(16 * c, 16 * c, (5, 1), padding=(2, 0)),
            nn.Conv2d(16 * c, 1, (3, 1), padding=(1, 0)),
        )
        self.period = period

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.pad(x, (0, -x.shape[-1] % self.period))
        return self.feature_maps(x.reshape(*x.shape[:2], -1, self.period))


class SpectrumDiscriminator(FeatureMaps):
    """Judge the complex spectrum of one window, `[batch, 2, frames, bins]`."""

    def __init__(self, channels: int, window: int) -> None:
        c = channels
        super().__init__(
            nn.Conv2d(2, c, (3, 9), padding=(1, 4)),
            *(nn.Conv2d(c, c, (3, 9), (1, 2), dilation=(d, 1), padding=(d, 4)) for d in (1, 2, 4)),
            nn.Conv2d(c, c, 3, padding=1),
            nn.Conv2d(c, 1, 3, padding=1),
        )
        self.window = window

    def forward(self, x: Tensor) -> list[Tensor]:
        parts = view_as_real(spectrum(x[:, 0], self.window, self.window // 4))
        return self.feature_maps(parts.permute(0, 3, 2, 1) / self.window**0.5)
