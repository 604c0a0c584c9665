"""HiFi-GAN on units: embeddings of each frame's unit and of who speaks, then up to samples.

"Speech Resynthesis from Discrete Disentangled Self-Supervised Representations" (Polyak et al.
2021, arXiv:2104.00355), over the generator of HiFi-GAN (Kong et al. 2020, arXiv:2010.05646).
fairseq calls it CodeHiFiGAN, transformers `SeamlessM4TCodeHifiGan`; the latter also embeds a
language. The convolutions are symmetric, so the look-ahead is finite, and whole and in steps are
the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.codecs.hifigan_blocks import residual_units, symmetric, upsampling
from vocable.errors import ModelError
from vocable.nn import LeakyReLU, Mean, Stack, Tanh
from vocable.units.vocoder.durations import DurationConfig, DurationPredictor

KERNEL = 7  # of the first and the last convolution
LAST_SLOPE = 0.01  # before the last convolution, whatever the others have


class HifiGan(Stack):
    """Rows to samples: a convolution, stages that each raise the rate, a convolution, tanh.

    A stage is a transposed convolution to half the channels and the mean of residual blocks of
    several kernels. A kernel of it is filled up with zeros to the next multiple of its rate.
    """

    def __init__(
        self,
        channels_in: int,
        channels: int,
        rates: Sequence[int],
        kernels: Sequence[int],
        block_kernels: Sequence[int],
        dilations: Sequence[Sequence[int]],
        *,
        slope: float,
    ) -> None:
        widths = [channels >> i for i in range(len(rates) + 1)]
        super().__init__(
            symmetric(channels_in, channels, KERNEL),
            *(
                Stack(
                    LeakyReLU(slope),
                    upsampling(wide, narrow, rate, kernel),
                    Mean(
                        *(
                            residual_units(narrow, each, own, slope)
                            for each, own in zip(block_kernels, dilations, strict=True)
                        )
                    ),
                )
                for wide, narrow, rate, kernel in zip(
                    widths, widths[1:], rates, kernels, strict=False
                )
            ),
            LeakyReLU(LAST_SLOPE),
            symmetric(widths[-1], 1, KERNEL),
            Tanh(),
        )


@dataclass(frozen=True)
class UnitHifiGanConfig:
    """Sizes of a vocoder of units.

    units       how many there are; unit_width: channels of their embedding
    speakers    rows of a table of speakers; 0: none. speaker_vector: instead, the length of vectors
                that say who speaks, mapped to speaker_width channels; embedding: the space of the
                embedding that these are of, where that is known
    languages   rows of a table of languages; 0: none
    pitch_bins  rows of a table of quantized pitch; 0: none. pitch_value: instead, one channel that
                holds the pitch of each frame as the vocoder was trained on it
    channels    of the first stage's input; each stage has half of those before it
    rates, kernels      by which each stage raises the rate, and the kernel that does
    block_kernels, dilations    of the residual blocks of each stage
    rate        Hz that it writes
    durations   of the predictor of durations; None: it has none
    """

    units: int
    unit_width: int = 128
    speakers: int = 0
    speaker_vector: int = 0
    embedding: str = ""
    speaker_width: int = 128
    languages: int = 0
    language_width: int = 128
    pitch_bins: int = 0
    pitch_value: bool = False
    pitch_width: int = 128
    channels: int = 512
    rates: tuple[int, ...] = (5, 4, 4, 2, 2)
    kernels: tuple[int, ...] = (11, 8, 8, 4, 4)
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    slope: float = 0.1
    rate: int = 16_000
    durations: DurationConfig | None = None

    def __post_init__(self) -> None:
        sizes = (self.units, self.unit_width, self.channels, self.rate, *self.rates)
        if min(sizes, default=0) < 1 or not self.rates:
            raise ModelError(f"a vocoder needs 1 or more of units, channels and rates, got {self}")
        if self.channels % 2 ** len(self.rates):
            raise ModelError(
                f"channels is {self.channels}, which {len(self.rates)} stages cannot halve; take a "
                f"multiple of {2 ** len(self.rates)}"
            )
        if len(self.kernels) != len(self.rates) or len(self.dilations) != len(self.block_kernels):
            raise ModelError("kernels go with rates and dilations with block_kernels, one for each")
        for kernel, rate in zip(self.kernels, self.rates, strict=True):
            if kernel < rate or (kernel - rate) % 2:
                raise ModelError(
                    f"a stage of rate {rate} has kernel {kernel}, which gives no {rate} samples "
                    "for each; take a kernel larger by an even number"
                )
        if bad := [kernel for kernel in self.block_kernels if kernel < 1 or kernel % 2 == 0]:
            raise ModelError(f"block_kernels must be odd, to keep the length, got {bad[0]}")
        if self.speakers and self.speaker_vector:
            raise ModelError("speakers come from a table or as vectors; set one of them to 0")
        if self.pitch_bins and self.pitch_value:
            raise ModelError("pitch comes in bins or as a value; leave one of them out")

    @property
    def frame(self) -> int:
        """Samples that a frame becomes."""
        return math.prod(self.rates)

    @property
    def pitch(self) -> int:
        """Channels of the pitch, 0 without."""
        return int(self.pitch_value) or (self.pitch_width if self.pitch_bins else 0)

    @property
    def voice(self) -> int:
        """Channels that say who speaks, 0 without."""
        return self.speaker_width if self.speakers or self.speaker_vector else 0

    @property
    def width(self) -> int:
        """Channels of a row: unit, pitch, speaker, language, in this order."""
        language = self.language_width if self.languages else 0
        return self.unit_width + self.pitch + self.voice + language


class UnitHifiGan(nn.Module):
    """The network of a vocoder: tables, a predictor of durations, and the generator of samples."""

    def __init__(self, config: UnitHifiGanConfig) -> None:
        super().__init__()
        self.config = config
        self.units = nn.Embedding(config.units, config.unit_width)
        self.pitch = _table(config.pitch_bins, config.pitch_width)
        self.speaker = (
            nn.Linear(config.speaker_vector, config.speaker_width)
            if config.speaker_vector
            else _table(config.speakers, config.speaker_width)
        )
        self.language = _table(config.languages, config.language_width)
        self.durations = (
            None
            if config.durations is None
            else DurationPredictor(config.unit_width, config.durations)
        )
        self.generator = HifiGan(
            config.width, config.channels, config.rates, config.kernels, config.block_kernels,
            config.dilations, slope=config.slope,
        )  # fmt: skip

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.units.weight.device

    def rows(
        self,
        units: Int[Tensor, "batch frames"],
        speaker: Float[Tensor, "batch speaker_width"] | None = None,
        language: Float[Tensor, "batch language_width"] | None = None,
        pitch: Float[Tensor, "batch frames pitch"] | None = None,
    ) -> Float[Tensor, "batch frames width"]:
        """Return what the generator gets: the rows of its tables, side by side."""
        found = [self.units(units)]
        if pitch is not None:
            found.append(pitch)
        for each in (speaker, language):
            if each is not None:
                found.append(each[:, None].expand(-1, units.shape[1], -1))
        return torch.cat(found, 2)

    def forward(
        self,
        units: Int[Tensor, "batch frames"],
        speaker: Float[Tensor, "batch speaker_width"] | None = None,
        language: Float[Tensor, "batch language_width"] | None = None,
        pitch: Float[Tensor, "batch frames pitch"] | None = None,
    ) -> Float[Tensor, "batch 1 samples"]:
        """Return the sound of units, one for each frame, whole."""
        y: Tensor = self.generator(self.rows(units, speaker, language, pitch))
        return y.transpose(1, 2)


def _table(rows: int, width: int) -> nn.Embedding | None:
    return nn.Embedding(rows, width) if rows else None
