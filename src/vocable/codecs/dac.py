"""DAC: convolutions with Snake, symmetric in time, around an RVQ that searches by angle.

"High-Fidelity Audio Compression with Improved RVQGAN" (Kumar et al. 2023, arXiv:2306.06546).

    model              Hz      samples a frame  frames/s  levels × size  kbit/s, all levels
    dac_16khz          16 000  320              50        12 × 1024      6
    dac_24khz          24 000  320              75        32 × 1024      24
    dac_44khz          44 100  512              86.1      9 × 1024       7.8
    dac_44khz_16kbps   44 100  512              86.1      18 × 1024      15.5

Any first levels decode. Encoder and decoder look ahead: in a stream a sample comes back within
376 ms at 16 kHz, 251 ms at 24 kHz, 212 ms at 44.1 kHz, as it does from the whole recording.

Differences. Weights are plain, not weight-normed: the same function. The published decoder returns
8 samples less than its frames stand for at 16 and 24 kHz, whose odd stride loses a row at the end;
here they follow, as if the last frame went on, and all samples before them are the published ones.
The package's `.dac` files hold other codes, of windows without padding, and are not read. New
codebooks begin at main axes and cluster centres, and dead entries revive; as published they do
neither.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac_blocks import decoder_block, encoder_block
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.model import untrained
from vocable.nn import Block, Conv1d, Prolonged, Snake, Stack, Tanh
from vocable.quantize import Gradient, Normalised, ResidualVQ
from vocable.tokens import Level, TokenSpec


@dataclass(frozen=True)
class DACConfig:
    """The sizes of a DAC. Defaults are those at 44.1 kHz, 7.8 kbit/s."""

    rate: int = 44_100  # Hz
    encoder_channels: int = 64  # of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 4, 8, 8)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    latent: int = 1024  # channels a frame
    decoder_channels: int = 1536  # after the decoder's first convolution; each stride halves them
    sizes: tuple[int, ...] = (1024,) * 9  # entries of each level
    code_width: int = 8  # dimensions in which entries are searched
    dropout: float = 0.5  # share of training items that use a drawn number of levels

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)


def dac_16khz() -> DACConfig:
    """Return the sizes of DAC at 16 kHz, 6 kbit/s, as published."""
    return DACConfig(rate=16_000, strides=(2, 4, 5, 8), sizes=(1024,) * 12)


def dac_24khz() -> DACConfig:
    """Return the sizes of DAC at 24 kHz, 24 kbit/s, as published."""
    return DACConfig(rate=24_000, strides=(2, 4, 5, 8), sizes=(1024,) * 32)


def dac_44khz() -> DACConfig:
    """Return the sizes of DAC at 44.1 kHz, 7.8 kbit/s, as published."""
    return DACConfig()


def dac_44khz_16kbps() -> DACConfig:
    """Return the sizes of DAC at 44.1 kHz, 15.5 kbit/s, as published."""
    return DACConfig(latent=128, sizes=(1024,) * 18)


PUBLISHED = (dac_16khz, dac_24khz, dac_44khz, dac_44khz_16kbps)


def dac_tiny() -> DACConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 16 samples a frame."""
    return DACConfig(
        rate=8000,
        encoder_channels=4,
        strides=(2, 8),
        latent=8,
        decoder_channels=16,
        sizes=(16,) * 4,
        code_width=4,
    )


def encoder(config: DACConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`."""
    c = config
    widths = [c.encoder_channels * 2**i for i in range(len(c.strides) + 1)]
    blocks: list[Block] = [Conv1d(1, widths[0], 7, pad=(3, 3))]
    for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True):
        blocks.append(encoder_block(narrow, wide, stride))
    return Stack(*blocks, Snake(widths[-1]), Conv1d(widths[-1], c.latent, 3, pad=(1, 1)))


def decoder(config: DACConfig) -> Block:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    c = config
    strides = decoder_strides(c.strides, c.decoder_strides)
    widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
    blocks: list[Block] = [Conv1d(c.latent, widths[0], 7, pad=(3, 3))]
    for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True):
        blocks.append(decoder_block(wide, narrow, stride))
    return Prolonged(
        Stack(*blocks, Snake(widths[-1]), Conv1d(widths[-1], 1, 7, pad=(3, 3)), Tanh())
    )


class DAC(CodecModel):
    """DAC, as its config says."""

    not_in_codes = frozenset({"decoder_strides", "decoder_channels", "dropout"})

    def __init__(self, config: DACConfig) -> None:
        quantizer = ResidualVQ(
            config.latent,
            config.sizes,
            codebook=Normalised(config.code_width),
            update=Gradient(),
            dropout=config.dropout,
        )
        spec = TokenSpec(
            untrained("dac"),
            rate=config.rate,
            frame=config.frame,
            channels=1,
            levels=tuple(Level(size) for size in config.sizes),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(config.rate, config.strides, config.decoder_strides),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(config), quantizer, decoder(config)
