"""Judge complex spectra, as EnCodec, DAC and SoundStream do.

Each takes real and imaginary part as two channels of an image of frames and bins, from windows with
a hop of a quarter. All have 32 `channels` as published.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from vocable.signal.spectra import spectrum
from vocable.train.codec.feature_maps import FeatureMaps

BANDS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # edges of DAC's bands, shares of half the rate


class SpectrumDiscriminator(FeatureMaps):
    """EnCodec's, of one window: dilated in time, strided in frequency (Défossez et al. 2022)."""

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
        return self.feature_maps(_image(x, self.window))


class BandsDiscriminator(nn.Module):
    """DAC's, of one window: five bands with weights of their own (Kumar et al. 2023)."""

    def __init__(self, channels: int, window: int) -> None:
        super().__init__()
        self.bands = nn.ModuleList(BandMaps(channels) for _ in BANDS[1:])
        self.scores = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))
        self.window = window
        self.edges = [int(share * (window // 2 + 1)) for share in BANDS]

    def forward(self, x: Tensor) -> list[Tensor]:
        image = _image(x, self.window)
        cuts = [image[..., a:b] for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)]
        found = [band.feature_maps(cut) for band, cut in zip(self.bands, cuts, strict=True)]  # type: ignore[operator]
        joined = torch.cat([maps[-1] for maps in found], -1)
        return [*(each for maps in found for each in maps), self.scores(joined)]


class BandMaps(FeatureMaps):
    """The convolutions over one band, each with a rectifier: none gives scores."""

    slope = 0.1

    def __init__(self, channels: int) -> None:
        c = channels
        super().__init__(
            nn.Conv2d(2, c, (3, 9), padding=(1, 4)),
            *(nn.Conv2d(c, c, (3, 9), (1, 2), padding=(1, 4)) for _ in range(3)),
            nn.Conv2d(c, c, 3, padding=1),
        )

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Return the output of each layer."""
        *maps, last = super().feature_maps(x)
        return [*maps, F.leaky_relu(last, self.slope)]


class ResidualSpectrumDiscriminator(nn.Module):
    """SoundStream's, of one window: residual units that halve bins, and frames every second time.

    Zeghidour et al. 2021, section III.D; channels and order of the strides are from memory.
    """

    def __init__(self, channels: int, window: int) -> None:
        super().__init__()
        widths = [channels * n for n in (1, 2, 4, 4, 8, 8, 16)]
        self.first = weight_norm(nn.Conv2d(2, channels, 7, padding=3))
        self.units = nn.ModuleList(
            StridedUnit(a, b, 1 + index % 2)
            for index, (a, b) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        self.scores = weight_norm(nn.Conv2d(widths[-1], 1, (1, _halved(window // 2 + 1, 6))))
        self.window = window

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.first(_image(x, self.window))]
        for unit in self.units:
            maps.append(unit(maps[-1]))
        return [*maps, self.scores(maps[-1])]


class StridedUnit(nn.Module):
    """`shortcut(x) + branch(x)`, every `stride`th frame and every second bin."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        strides = (stride, 2)
        self.inner = weight_norm(nn.Conv2d(channels_in, channels_in, 3, padding=1))
        self.outer = weight_norm(nn.Conv2d(channels_in, channels_out, 3, strides, padding=1))
        self.shortcut = weight_norm(nn.Conv2d(channels_in, channels_out, 1, strides))

    def forward(self, x: Tensor) -> Tensor:
        y = self.inner(F.leaky_relu(x, FeatureMaps.slope))
        added: Tensor = self.shortcut(x) + self.outer(F.leaky_relu(y, FeatureMaps.slope))
        return added


def _image(x: Tensor, window: int) -> Tensor:
    """Return `[batch, 2, frames, bins]` of a waveform `[batch, 1, samples]`."""
    parts = torch.view_as_real(spectrum(x[:, 0], window, window // 4))
    image: Tensor = parts.permute(0, 3, 2, 1) / window**0.5
    return image


def _halved(bins: int, times: int) -> int:
    for _ in range(times):
        bins = -(-bins // 2)
    return bins
