"""SNAC: DAC's network with levels of several rates, noise in the decoder, and attention in windows.

"SNAC: Multi-Scale Neural Audio Codec" (Siuzdak et al. 2024, arXiv:2410.14411).

    model       Hz      samples a frame  frames/s  levels × size  frames a token  kbit/s  window
    snac_24khz  24 000  512              46.9      3 × 4096       4, 2, 1         0.98    none
    snac_32khz  32 000  384              83.3      4 × 4096       8, 4, 2, 1      1.88    32 frames
    snac_44khz  44 100  384              114.8     4 × 4096       8, 4, 2, 1      2.58    32 frames

Any first levels decode. Encoder and decoder look ahead, those with attention by a window of 32
frames as well, 0.28 s at 44.1 kHz, whose end all of it waits for.

Differences. Decoding repeats to the bit: the noise is a function of seed, block and row, where the
published decoder draws it anew; `model.noise` has another seed, noise of your own, or none. Tokens
are those of the recording: the published codec gives, and decodes, those of the silence that fills
the last step or window as well; here the last tokens stand in for them. Weights are plain, not
weight-normed: the same function. Codebooks learn as DAC's do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac_blocks import KERNEL, decoder_block, encoder_block
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.model import untrained
from vocable.nn import (
    Block,
    Conv1d,
    DepthwiseConv1d,
    LayerNorm,
    Linear,
    LocalAttention,
    NoiseBlock,
    NoiseSource,
    Residual,
    Snake,
    Stack,
    Tanh,
)
from vocable.quantize import Gradient, Normalised, ResidualVQ
from vocable.tokens import Level, TokenSpec

EDGES = (KERNEL // 2, KERNEL // 2)  # rows of silence around what a convolution sees


@dataclass(frozen=True)
class SNACConfig:
    """The sizes of a SNAC. Defaults are those at 44.1 kHz."""

    rate: int = 44_100  # Hz
    encoder_channels: int = 64  # of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 3, 8, 8)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    decoder_channels: int = 1536  # after the decoder's first convolution; each stride halves them
    window: int = 32  # frames that attend to each other; 0: no attention
    head: int = 64  # channels of a head of attention
    sizes: tuple[int, ...] = (4096,) * 4  # entries of each level
    level_strides: tuple[int, ...] = (8, 4, 2, 1)  # frames that a token of each level lasts
    code_width: int = 8  # dimensions in which entries are searched
    depthwise: bool = True  # wide convolutions see each channel by itself
    noise: bool = True  # each block of the decoder adds noise

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)

    @property
    def latent(self) -> int:
        """Channels a frame."""
        return self.encoder_channels << len(self.strides)


def snac_24khz() -> SNACConfig:
    """Return the sizes of SNAC for speech at 24 kHz, 0.98 kbit/s, as published."""
    return SNACConfig(
        rate=24_000,
        encoder_channels=48,
        strides=(2, 4, 8, 8),
        decoder_channels=1024,
        window=0,
        sizes=(4096,) * 3,
        level_strides=(4, 2, 1),
    )


def snac_32khz() -> SNACConfig:
    """Return the sizes of SNAC for any sound at 32 kHz, 1.88 kbit/s, as published."""
    return SNACConfig(rate=32_000)


def snac_44khz() -> SNACConfig:
    """Return the sizes of SNAC for any sound at 44.1 kHz, 2.58 kbit/s, as published."""
    return SNACConfig()


PUBLISHED = (snac_24khz, snac_32khz, snac_44khz)


def snac_tiny() -> SNACConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 12 samples a frame."""
    return SNACConfig(
        rate=8000,
        encoder_channels=2,
        strides=(3, 4),
        decoder_channels=16,
        window=6,
        head=4,
        sizes=(16,) * 3,
        level_strides=(4, 2, 1),
        code_width=4,
    )


def encoder(config: SNACConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`."""
    c = config
    widths = [c.encoder_channels * 2**i for i in range(len(c.strides) + 1)]
    blocks: list[Block] = [Conv1d(1, widths[0], KERNEL, pad=EDGES)]
    for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True):
        blocks.append(encoder_block(narrow, wide, stride, depthwise=c.depthwise))
    return Stack(*blocks, *_attention(c, c.latent), _wide(c, c.latent, c.latent))


def decoder(config: SNACConfig, noise: NoiseSource) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    c = config
    strides = decoder_strides(c.strides, c.decoder_strides)
    widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
    blocks = _decoder_head(c, widths[0])
    steps = zip(pairwise(widths), strides, strict=True)
    for number, ((wide, narrow), stride) in enumerate(steps):
        inserted = [NoiseBlock(narrow, number=number, source=noise)] if c.noise else []
        blocks.append(
            decoder_block(
                wide,
                narrow,
                stride,
                output_padding=stride % 2,
                inserted=inserted,
                depthwise=c.depthwise,
            )
        )
    last = Conv1d(widths[-1], 1, KERNEL, pad=EDGES)
    return Stack(*blocks, Snake(widths[-1]), last, Tanh())


def _decoder_head(c: SNACConfig, width: int) -> list[Block]:
    if not c.depthwise:
        return [_wide(c, c.latent, width), *_attention(c, width)]
    return [_wide(c, c.latent, c.latent), Linear(c.latent, width), *_attention(c, width)]


def _wide(c: SNACConfig, channels_in: int, channels_out: int) -> Block:
    if c.depthwise:
        return DepthwiseConv1d(channels_in, KERNEL, pad=EDGES)
    return Conv1d(channels_in, channels_out, KERNEL, pad=EDGES)


def _attention(c: SNACConfig, channels: int) -> list[Block]:
    if not c.window:
        return []
    attention = LocalAttention(channels, window=c.window, head=c.head)
    return [Residual(Stack(LayerNorm(channels), attention))]


class SNAC(CodecModel):
    """SNAC, as its config says.

    noise: what the decoder draws from, `model.noise.draw = None` for none; all that hold the model
    share it.
    """

    config: SNACConfig
    not_in_codes = frozenset({"decoder_strides", "decoder_channels", "noise"})

    def __init__(self, config: SNACConfig) -> None:
        quantizer = ResidualVQ(
            config.latent,
            config.sizes,
            strides=config.level_strides,
            codebook=Normalised(config.code_width),
            update=Gradient(),
        )
        levels = zip(config.sizes, config.level_strides, strict=True)
        spec = TokenSpec(
            untrained("snac"),
            rate=config.rate,
            frame=config.frame,
            channels=1,
            levels=tuple(Level(size, stride) for size, stride in levels),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(config.rate, config.strides, config.decoder_strides),
        )
        super().__init__(config, spec)
        self.noise = NoiseSource()
        self.encoder, self.quantizer = encoder(config), quantizer
        self.decoder = decoder(config, self.noise)
