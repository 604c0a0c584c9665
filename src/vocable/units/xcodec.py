"""X-Codec: residual levels over what is heard in speech and in sound.

"Codec Does Matter: Exploring the Semantic Shortcoming of Codec for Audio Language Model" (Ye et al.
2024, arXiv:2408.17175).

    model    Hz      samples a frame  frames/s  levels × size  bits/s
    xcodec   16 000  320              50        8 × 1024       500 a level, 4000 with all

    encoder   DAC's  |  the mean of all layers of HuBERT or WavLM, and convolutions;
              both side by side, a map
    quantizer RVQ
    decoder   a map, DAC's decoder without its last function

HuBERT norms and attends over all of a recording, so it is encoded as a whole: memory follows its
length, the time of attention its square. Decoding looks ahead by a finite number of frames, and
streams.

Differences. Weights are plain, not weight-normed: the same function. A recording that ends inside a
frame is filled up with silence, as the extractor of transformers does; its model alone leaves ends
of less than 80 samples out, and hears others half a frame later. Left out is what only training
needs: the way back to the features of HuBERT.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac_blocks import decoder_block, encoder_block
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import ELU, Block, Conv1d, Linear, Residual, Snake, Stack
from vocable.quantize import Plain, Projected, ResidualVQ
from vocable.signal.resampling import sinc_resample
from vocable.tokens import Level, TokenSpec
from vocable.units.wav2vec2 import Wav2Vec2, Wav2Vec2Config
from vocable.units.wavlm import WavLM, WavLMConfig
from vocable.units.whole_encoder import WholeEncoder

AROUND = 160  # samples of silence around what HuBERT gets, so that its frames are as many


@dataclass(frozen=True)
class XCodecConfig:
    """The sizes of an X-Codec, as published with HuBERT base."""

    rate: int = 16_000  # Hz
    encoder_channels: int = 64  # of the first convolution on sound; each stride doubles them
    strides: tuple[int, ...] = (8, 5, 4, 2)  # of these convolutions; a frame is their product
    latent: int = 256  # channels of what is heard in sound, and of what DAC's decoder gets
    decoder_channels: int = 1024  # after the decoder's first convolution; each stride halves them
    decoder_strides: tuple[int, ...] = (8, 5, 4, 2)  # in order
    semantic: Wav2Vec2Config | WavLMConfig = Wav2Vec2Config()
    dilations: tuple[int, ...] = (1, 1)  # of the units in a block behind HuBERT
    blocks: int = 2
    sizes: tuple[int, ...] = (1024,) * 8  # entries of each level
    prefixes: tuple[int, ...] = (1, 2, 3, 4, 8)  # numbers of levels that training drew
    code_width: int = 0  # dimensions in which entries are searched; 0: those of the latent

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)


def xcodec() -> XCodecConfig:
    """Return the sizes of X-Codec with HuBERT base, as published."""
    return XCodecConfig()


def xcodec_wavlm() -> XCodecConfig:
    """Return the sizes of X-Codec with WavLM base+, as published."""
    return XCodecConfig(semantic=WavLMConfig())


PUBLISHED = (xcodec, xcodec_wavlm)


class Heard(WholeEncoder):
    """What convolutions hear and what HuBERT or WavLM hears, side by side, and a map."""

    def __init__(self, config: XCodecConfig) -> None:
        c, channels = config, config.semantic.width
        both = c.latent + channels
        super().__init__(c.frame, both)
        kind = WavLM if isinstance(c.semantic, WavLMConfig) else Wav2Vec2
        self.rate = c.rate
        self.sound = encoder(c)
        self.speech = kind(c.semantic).requires_grad_(False)
        self.adapter = adapter(c, channels)
        self.joined = Linear(both, both)
        frame, rest = divmod(c.frame * self.speech.rate, c.rate)
        if rest or frame % self.speech.hop or c.semantic.pre_norm:
            raise ModelError(
                f"strides {c.strides} at {c.rate} Hz make frames of {frame} samples at "
                f"{self.speech.rate} Hz; they must be some of HuBERT's, {self.speech.hop} each, "
                "whose blocks have their norms behind them"
            )
        self.every = frame // self.speech.hop  # of HuBERT's frames, one is taken

    def hear(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return the rows that both have."""
        x = F.pad(x, (0, 0, 0, -x.shape[1] % self.stride_in))
        padded = F.pad(sinc_resample(x[..., 0], self.rate, self.speech.rate), (AROUND, AROUND))
        (mean,) = self.speech.means_of_layers(padded, range(self.speech.layers + 1))
        semantic = self.adapter(mean[:, :: self.every])
        # in steps, so that of the many rows of its first layers few are held
        acoustic = Block.forward(self.sound, x)
        y: Tensor = self.joined(torch.cat((acoustic, semantic), 2))
        return y


def encoder(config: XCodecConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`."""
    c = config
    widths = [c.encoder_channels * 2**i for i in range(len(c.strides) + 1)]
    blocks: list[Block] = [Conv1d(1, widths[0], 7, pad=(3, 3))]
    for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True):
        blocks.append(encoder_block(narrow, wide, stride))
    return Stack(*blocks, Snake(widths[-1]), Conv1d(widths[-1], c.latent, 3, pad=(1, 1)))


def adapter(config: XCodecConfig, channels: int) -> Stack:
    """Return the convolutions behind HuBERT."""

    def conv(dilation: int, bias: bool) -> Conv1d:
        pad = (dilation, dilation)
        return Conv1d(channels, channels, 3, dilation=dilation, pad=pad, bias=bias)

    def unit(dilation: int) -> Residual:
        narrow = Linear(channels, channels, bias=False)
        return Residual(Stack(ELU(), conv(dilation, False), ELU(), narrow))

    blocks = (
        Stack(*(unit(dilation) for dilation in config.dilations), conv(1, True))
        for _ in range(config.blocks)
    )
    return Stack(conv(1, False), *blocks)


def decoder(config: XCodecConfig) -> Stack:
    """Return `[B, F, latent + semantic width] -> [B, F · frame, 1]`."""
    c = config
    strides = decoder_strides(c.strides, c.decoder_strides)
    widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
    first = Linear(c.latent + c.semantic.width, c.latent)
    blocks: list[Block] = [first, Conv1d(c.latent, widths[0], 7, pad=(3, 3))]
    for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True):
        blocks.append(decoder_block(wide, narrow, stride, output_padding=stride % 2))
    return Stack(*blocks, Snake(widths[-1]), Conv1d(widths[-1], 1, 7, pad=(3, 3)))


class XCodec(CodecModel):
    """X-Codec, as its config says."""

    not_exported: ClassVar[str] = "its encoder looks over all of a recording"
    not_in_codes = frozenset({"decoder_channels", "decoder_strides"})
    kind: ClassVar[str] = "xcodec"

    def __init__(self, config: XCodecConfig) -> None:
        c = config
        book = Projected(c.code_width) if c.code_width else Plain()
        quantizer = ResidualVQ(
            c.latent + c.semantic.width, c.sizes, codebook=book, prefixes=c.prefixes or None
        )
        spec = TokenSpec(
            untrained(self.kind),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size) for size in c.sizes),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = Heard(c), quantizer, decoder(c)
