"""NanoCodec: few frames a second, codes side by side that nobody learned, a decoder that waits for
nothing.

"NanoCodec: Towards High-Quality Ultra Fast Speech LLM Inference" (Casanova et al. 2025,
arXiv:2508.05835), as NVIDIA publishes it.

    model               Hz      samples a frame  frames/s  levels × size  bits/s
    nanocodec_0_6kbps   22 050  1764             12.5      4 × 4032       599
    nanocodec_1_78kbps  22 050  1764             12.5      13 × 2016      1784
    nanocodec_1_89kbps  22 050  1024             21.5      8 × 2016       1891

    encoder    convolution; per stride, the mean of residual blocks of three kernels, then a strided
               convolution to twice the channels; symmetric, edge rows repeated
    quantizer  each four channels rounded to 9 × 8 × 8 × 7 places, or 8 × 7 × 6 × 6: a level each.
               Levels are side by side: none decodes without the others
    decoder    the encoder's like, causal: of each two channels a transposed convolution makes one

The encoder looks ahead by a finite number of samples, so encoding streams. Decoding waits for
nothing.

Differences from the authors' code: none in the function. Weights are plain, not weight-normed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.model import untrained
from vocable.nn import (
    Block,
    Clamp,
    Conv1d,
    ConvTranspose1d,
    EdgeConv1d,
    HalfSnake,
    LeakyReLU,
    Mean,
    Residual,
    Stack,
)
from vocable.quantize import FSQ
from vocable.tokens import Level, TokenSpec

KERNEL, LAST_KERNEL = 7, 3  # of the convolutions at the ends, and of the decoder's last
SLOPE = 0.01  # of the encoder's activations

Convolve = Callable[[int, int, int, int], Block]
"""Makes a convolution of channels in and out, a kernel and a dilation."""


@dataclass(frozen=True)
class NanoCodecConfig:
    """The sizes of a NanoCodec. Defaults are those at 0.6 kbps."""

    rate: int = 22_050  # Hz
    encoder_channels: int = 24  # of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 3, 6, 7, 7)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    decoder_channels: int = 864  # after the decoder's first convolution; each stride halves them
    kernels: tuple[int, ...] = (3, 7, 11)  # of the residual blocks whose mean counts
    dilations: tuple[int, ...] = (1, 3, 5)  # of the units of each
    groups: int = 4  # levels
    steps: tuple[int, ...] = (9, 8, 8, 7)  # places of each number of a code

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)

    @property
    def latent(self) -> int:
        """Channels a frame."""
        return self.groups * len(self.steps)


def nanocodec_0_6kbps() -> NanoCodecConfig:
    """Return the sizes of NanoCodec at 0.6 kbps and 12.5 frames/s, as published."""
    return NanoCodecConfig()


def nanocodec_1_78kbps() -> NanoCodecConfig:
    """Return the sizes of NanoCodec at 1.78 kbps and 12.5 frames/s, as published."""
    return replace(nanocodec_0_6kbps(), groups=13, steps=(8, 7, 6, 6))


def nanocodec_1_89kbps() -> NanoCodecConfig:
    """Return the sizes of NanoCodec at 1.89 kbps and 21.5 frames/s, as published."""
    return replace(nanocodec_1_78kbps(), groups=8, strides=(2, 2, 4, 8, 8))


PUBLISHED = (nanocodec_0_6kbps, nanocodec_1_78kbps, nanocodec_1_89kbps)


def nanocodec_tiny() -> NanoCodecConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 15 samples a frame."""
    return NanoCodecConfig(
        rate=8000,
        encoder_channels=2,
        strides=(3, 5),
        decoder_channels=12,
        kernels=(3, 5),
        dilations=(1, 2),
        groups=2,
        steps=(5, 4),
    )


def encoder(config: NanoCodecConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`."""
    c = config
    widths = [c.encoder_channels * 2**i for i in range(len(c.strides) + 1)]
    stages = (
        Stack(_units(c, narrow, _symmetric, _rectifier), _rectifier(narrow), _down(narrow, stride))
        for narrow, stride in zip(widths, c.strides, strict=False)
    )
    first, last = _symmetric(1, widths[0], KERNEL), _symmetric(widths[-1], c.latent, KERNEL)
    return Stack(first, *stages, _rectifier(widths[-1]), last)


def decoder(config: NanoCodecConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    c = config
    strides = decoder_strides(c.strides, c.decoder_strides)
    widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
    stages = (
        Stack(HalfSnake(wide), _up(wide, narrow, stride), _units(c, narrow, _causal, HalfSnake))
        for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True)
    )
    first, last = _causal(c.latent, widths[0], KERNEL), _causal(widths[-1], 1, LAST_KERNEL)
    return Stack(first, *stages, HalfSnake(widths[-1]), last, Clamp())


def _units(
    c: NanoCodecConfig, channels: int, convolve: Convolve, activation: Callable[[int], Block]
) -> Mean:
    """Return the mean of a chain of residual units for each kernel."""

    def unit(kernel: int, dilation: int) -> Residual:
        return Residual(
            Stack(
                activation(channels),
                convolve(channels, channels, kernel, dilation),
                activation(channels),
                convolve(channels, channels, kernel, 1),
            )
        )

    return Mean(*(Stack(*(unit(kernel, each) for each in c.dilations)) for kernel in c.kernels))


def _rectifier(_: int) -> LeakyReLU:
    return LeakyReLU(SLOPE)


def _symmetric(channels_in: int, channels_out: int, kernel: int, dilation: int = 1) -> EdgeConv1d:
    half = (kernel - 1) * dilation // 2
    return EdgeConv1d(
        channels_in, channels_out, kernel, dilation=dilation, pad=(half, half), edge="replicate"
    )


def _causal(channels_in: int, channels_out: int, kernel: int, dilation: int = 1) -> Conv1d:
    return Conv1d(channels_in, channels_out, kernel, dilation=dilation)


def _down(channels: int, stride: int) -> EdgeConv1d:
    """Return a strided convolution to twice the channels; the left gets the odd edge row."""
    pad = ((stride + 1) // 2, stride // 2)
    return EdgeConv1d(channels, 2 * channels, 2 * stride, stride=stride, pad=pad, edge="replicate")


def _up(wide: int, narrow: int, stride: int) -> ConvTranspose1d:
    return ConvTranspose1d(wide, narrow, 2 * stride, stride=stride, groups=narrow)


class NanoCodec(CodecModel):
    """NanoCodec, as its config says."""

    not_in_codes = frozenset({"decoder_strides", "decoder_channels"})

    def __init__(self, config: NanoCodecConfig) -> None:
        c, quantizer = config, FSQ(config.steps, groups=config.groups)
        spec = TokenSpec(
            untrained("nanocodec"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size) for size in quantizer.levels),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(c), quantizer, decoder(c)
