"""Mimi: a causal codec of few frames, whose first level says what is said.

"Moshi: a speech-text foundation model for real-time dialogue" (Défossez et al. 2024,
arXiv:2410.00037), section 3.3.

    model  Hz      samples a frame  frames/s  levels × size  bits/s
    mimi   24 000  1920             12.5      32 × 2048      137.5 a level: 8 levels 1100, 32 4400

    encoder    SEANet to 25 rows/s, 8 transformer layers, a strided convolution to 12.5 frames/s
    quantizer  a semantic level beside 31 acoustic ones, each side with projections of its own
    decoder    a filter for each channel back to 25 rows/s, 8 transformer layers, SEANet

Any number of levels decodes; the published language models use 8, 16 or 32. It streams: 80 ms of
sound in, one frame of codes out, and back. Attention sees the last 250 rows, 10 s.

Differences: a recording that ends inside a frame is filled up with silence before it is encoded, as
Kyutai's own `moshi` does; `fill=True` fills up the stride of each layer instead, as transformers
does, which changes the last frame. What only training needs is left out: the weight norm, which the
published weights have not; and the distillation of the semantic level, which belongs to a run
(`vocable.train.codec.distil`).
"""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.codecs.seanet import DECODER_ONLY, SEANetConfig, decoder, encoder
from vocable.nn import Block, ConvTranspose1d, FirstRowConv1d, Stack, TransformerLayer
from vocable.quantize import ResidualVQ, SplitVQ
from vocable.tokens import Level, TokenSpec


@dataclass(frozen=True)
class MimiEncoderConfig(SEANetConfig):
    """The sizes of Mimi's encoder and quantizer: those of its SEANet, and these, as published."""

    filters: int = 64
    strides: tuple[int, ...] = (4, 5, 6, 8)
    dilations: tuple[int, ...] = (1,)
    unit_kernel: int = 3
    unit_shrink: int = 2
    latent: int = 512  # channels of the transformers, and of a frame
    rate: int = 24_000  # Hz
    resample: int = 2  # rows of the transformers a frame
    layers: int = 8  # of each transformer
    heads: int = 8
    hidden: int = 2048  # channels inside a layer's MLP
    context: int = 250  # rows that attention sees, the own one included
    base: float = 10_000.0  # of the rotary positions
    scale: float = 0.01  # of each layer's branches, before training
    codebook_width: int = 256  # channels in which the levels search
    semantic: int = 1  # levels before the acoustic ones
    sizes: tuple[int, ...] = (2048,) * 32  # entries of each level, semantic first

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return super().frame * self.resample


@dataclass(frozen=True)
class MimiConfig(MimiEncoderConfig):
    """The sizes of a Mimi. Defaults are the published model's."""

    decoder_last_kernel: int = 3
    dropout: float = 1.0  # share of training items that use a drawn number of acoustic levels


def mimi() -> MimiConfig:
    """Return the sizes of Mimi, as published."""
    return MimiConfig()


class Mimi(CodecModel):
    """Mimi, as its config says."""

    not_in_codes = DECODER_ONLY | {"dropout", "scale"}

    def __init__(self, config: MimiConfig) -> None:
        c = config
        quantizer = SplitVQ(
            c.latent,
            (
                ResidualVQ(c.codebook_width, c.sizes[: c.semantic]),
                ResidualVQ(c.codebook_width, c.sizes[c.semantic :], dropout=c.dropout),
            ),
        )
        spec = TokenSpec(
            untrained("mimi"),
            rate=c.rate,
            frame=c.frame,
            channels=c.channels,
            levels=levels(c),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
        )
        super().__init__(config, spec)
        self.encoder = mimi_encoder(c)
        self.quantizer = quantizer
        self.decoder = Stack(
            upsample(c),
            transformer(c),
            decoder(c),
        )


def levels(config: MimiEncoderConfig) -> tuple[Level, ...]:
    """Return the levels, of which the first say what is said."""
    return tuple(
        Level(size, role="semantic" if number < config.semantic else "acoustic")
        for number, size in enumerate(config.sizes)
    )


def mimi_encoder(config: MimiEncoderConfig) -> Stack:
    """Return `[B, T, channels] -> [B, T / frame, latent]`."""
    return Stack(encoder(config), transformer(config), downsample(config))


def transformer(config: MimiEncoderConfig) -> Stack:
    """Return the layers of one side, `[B, T, latent] -> [B, T, latent]`."""
    c = config
    layers: list[Block] = [
        TransformerLayer(
            c.latent, c.heads, context=c.context, hidden=c.hidden, base=c.base, scale=c.scale
        )
        for _ in range(c.layers)
    ]
    return Stack(*layers)


def downsample(config: MimiEncoderConfig) -> Block:
    """Return the way to one row a frame; before the recording lies its own first row."""
    width, stride = config.latent, config.resample
    return FirstRowConv1d(width, width, 2 * stride, stride=stride, fill=config.fill, bias=False)


def upsample(config: MimiEncoderConfig) -> Block:
    """Return the way back: each channel by itself, as the published weights have it."""
    width, stride = config.latent, config.resample
    return ConvTranspose1d(width, width, 2 * stride, stride=stride, groups=width, bias=False)
