"""FocalCodec: one token a frame, the signs of what focal modulation makes of WavLM's features.

"FocalCodec: Low-Bitrate Speech Coding via Focal Modulation Networks" (Della Libera et al. 2025,
arXiv:2502.04465).

    model               Hz      samples a frame  tokens/s  entries         bits/s
    focalcodec_50hz     16 000  320              50        2 ** 13 = 8192  650
    focalcodec_25hz     16 000  640              25        2 ** 13         325
    focalcodec_12_5hz   16 000  1280             12.5      2 ** 13         162.5

    encoder    WavLM large up to block 6; a map of one row or several, Snake, focal modulation and
               an MLP, three times; a map
    quantizer  13 numbers, each by its sign
    decoder    the same three the other way round, to what WavLM gave; then Vocos' decoder

WavLM attends to all of a recording, and modulation takes the mean over it, in the decoder as well:
both take whole recordings. Memory follows their length, the time of attention its square. What
streams is focalcodec_stream.py.

Difference. The published code gives a recording as many rows as WavLM's windows of 400 samples fit
in, and none to the end behind them. Here a recording is filled up with silence to whole frames,
and by the 80 samples that the last window has more than a frame; its tokens are those of the
published code for the recording with this silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.codecs.vocos_decoder import vocos_decoder
from vocable.nn import (
    GELU,
    Block,
    Conv1d,
    ConvTranspose1d,
    LayerNorm,
    Linear,
    Residual,
    Snake,
    Stack,
    WholeFocalModulation,
)
from vocable.quantize import BSQ
from vocable.tokens import Level, TokenSpec
from vocable.units.wavlm import WavLM, WavLMConfig
from vocable.units.whole_encoder import WholeEncoder

EXPANSION = 4  # of the MLPs behind modulation
SIX_OF_LARGE = WavLMConfig(
    width=1024, blocks=6, heads=16, hidden=4096, pre_norm=True, extractor="layer"
)  # on recordings as they are, other than all of WavLM large
Layer = Callable[[int], Block]


@dataclass(frozen=True)
class FocalCodecConfig:
    """The sizes of a FocalCodec, as published at 50 tokens a second."""

    semantic: WavLMConfig = SIX_OF_LARGE
    widths: tuple[int, ...] = (1024, 512, 256)  # channels of the encoder's layers behind WavLM
    factors: tuple[int, ...] = (1, 1, 1)  # rows of which each of them makes one
    kernels: tuple[int, ...] = (7, 9)  # rows that the convolutions of a modulation see
    bits: int = 13  # numbers of a token
    decoder_width: int = 512  # channels of Vocos' rows
    decoder_hidden: int = 1536
    decoder_blocks: int = 8
    window: int = 1024  # samples of its spectra
    hop: int = 320

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod((*self.semantic.strides, *self.factors))


def focalcodec_50hz() -> FocalCodecConfig:
    """Return the sizes at 50 tokens/s, as published."""
    return FocalCodecConfig()


def focalcodec_25hz() -> FocalCodecConfig:
    """Return the sizes at 25 tokens/s, as published."""
    return FocalCodecConfig(factors=(2, 1, 1))


def focalcodec_12_5hz() -> FocalCodecConfig:
    """Return the sizes at 12.5 tokens/s, as published."""
    return FocalCodecConfig(factors=(2, 2, 1))


PUBLISHED = (focalcodec_50hz, focalcodec_25hz, focalcodec_12_5hz)


class Heard(WholeEncoder):
    """What WavLM hears, and what is made of it."""

    def __init__(self, config: FocalCodecConfig) -> None:
        super().__init__(config.frame, config.bits)
        self.speech = WavLM(config.semantic).requires_grad_(False)
        self.speech.transformer.norm = nn.Identity()  # type: ignore[assignment]  # behind all blocks
        layer = _whole(config.kernels)
        self.compressor = compressor(
            config.semantic.width, config.widths, config.factors, config.bits, layer
        )

    def hear(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames bits"]:
        """Return the rows of a recording."""
        silence = -x.shape[1] % self.stride_in + self.speech.window - self.speech.hop
        padded = F.pad(x[..., 0], (0, silence))
        rows: Tensor = self.compressor(self.speech(padded, self.speech.layers))
        return rows


def compressor(
    channels: int, widths: Sequence[int], factors: Sequence[int], bits: int, layer: Layer
) -> Stack:
    """Return `[B, T, channels] -> [B, T / product of factors, bits]`; `layer` makes one's end."""
    blocks: list[Block] = []
    for width, factor in zip(widths, factors, strict=True):
        blocks.append(
            Stack(Conv1d(channels, width, factor, stride=factor), Snake(width), layer(width))
        )
        channels = width
    return Stack(*blocks, Linear(channels, bits))


def decompressor(
    bits: int, widths: Sequence[int], factors: Sequence[int], layers: Sequence[Layer]
) -> Stack:
    """Return `[B, F, bits] -> [B, F · product of factors, last width]`, one more than layers."""
    blocks: list[Block] = [Linear(bits, widths[0])]
    for n, (factor, layer) in enumerate(zip(factors, layers, strict=True)):
        up = ConvTranspose1d(widths[n], widths[n + 1], factor, stride=factor)
        blocks.append(Stack(layer(widths[n]), Snake(widths[n]), up))
    return Stack(*blocks)


def focal_layer(width: int, modulation: Block, norm: Callable[[], Block]) -> Stack:
    """Return modulation, then an MLP, each behind a norm and beside a skip."""
    hidden = EXPANSION * width
    mlp = (Linear(width, hidden), GELU(), Linear(hidden, width))
    return Stack(Residual(Stack(norm(), modulation)), Residual(Stack(norm(), *mlp)))


def _whole(kernels: Sequence[int]) -> Layer:
    return lambda width: focal_layer(
        width, WholeFocalModulation(width, kernels), lambda: LayerNorm(width)
    )


class FocalCodec(CodecModel):
    """FocalCodec, as its config says."""

    not_exported: ClassVar[str] = "its encoder and its decoder look over all of a recording"
    not_in_codes = frozenset({"decoder_width", "decoder_hidden", "decoder_blocks", "window", "hop"})
    kind: ClassVar[str] = "focalcodec"

    def __init__(self, config: FocalCodecConfig) -> None:
        c = config
        written = c.hop * math.prod(c.factors)
        spec = TokenSpec(
            untrained(self.kind),
            rate=WavLM.rate,
            frame=c.frame,
            channels=1,
            levels=(Level(1 << c.bits),),
            prefixes=(1,),
            out_rate=out_rate(WavLM.rate, (c.frame,), (written,)),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer = Heard(c), BSQ(c.bits)
        widths, factors = (*c.widths[::-1], c.semantic.width), c.factors[::-1]
        layers = (_whole(c.kernels),) * len(factors)
        vocos = vocos_decoder(
            c.semantic.width, c.decoder_width, c.decoder_hidden, c.decoder_blocks,
            window=c.window, hop=c.hop,
        )  # fmt: skip
        self.decoder = Stack(decompressor(c.bits, widths, factors, layers), vocos)
