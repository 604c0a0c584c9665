"""Judge the waveform: at several scales as MelGAN does, folded by several periods as HiFi-GAN does.

"MelGAN" (Kumar et al. 2019, arXiv:1910.06711), taken over by SoundStream; "HiFi-GAN" (Kong et al.
2020, arXiv:2010.05646), taken over by DAC. Their sizes are those of 16 and of 32 `channels`.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from vocable.train.codec.feature_maps import FeatureMaps


class ScaleDiscriminator(FeatureMaps):
    """Judge the waveform, averaged over `pool` samples."""

    def __init__(self, channels: int, pool: int) -> None:
        widths = [channels, 4 * channels, 16 * channels, 64 * channels, 64 * channels]
        strided = [
            nn.Conv1d(a, b, 41, stride=4, padding=20, groups=a // 4)
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        ]
        super().__init__(
            nn.Conv1d(1, channels, 15, padding=7),
            *strided,
            nn.Conv1d(widths[-1], widths[-1], 5, padding=2),
            nn.Conv1d(widths[-1], 1, 3, padding=1),
        )
        self.pool = pool

    def forward(self, x: Tensor) -> list[Tensor]:
        return self.feature_maps(F.avg_pool1d(x, self.pool) if self.pool > 1 else x)


class PeriodDiscriminator(FeatureMaps):
    """Judge the waveform folded to rows of `period` samples."""

    slope = 0.1

    def __init__(self, channels: int, period: int) -> None:
        widths = [1, channels, 4 * channels, 16 * channels, 32 * channels]
        strided = [
            nn.Conv2d(a, b, (5, 1), (3, 1), padding=(2, 0))
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        ]
        super().__init__(
            *strided,
            nn.Conv2d(widths[-1], widths[-1], (5, 1), padding=(2, 0)),
            nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)),
        )
        self.period = period

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.pad(x, (0, -x.shape[-1] % self.period))
        return self.feature_maps(x.reshape(*x.shape[:2], -1, self.period))
