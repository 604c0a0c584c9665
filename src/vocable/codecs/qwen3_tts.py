"""Qwen3-TTS's tokenizer at 12.5 frames a second: Mimi's encoder, and a causal decoder of its own.

"Qwen3-TTS Technical Report" (Qwen team 2026, arXiv:2601.15621); its package `qwen-tts`.

    model          Hz      samples a frame  frames/s  levels × size  bits/s
    qwen3_tts_12hz 24 000  1920             12.5      16 × 2048      137.5 a level, 2200

    encoder    Mimi's, whose layers fill up their own strides, as transformers' do
    quantizer  Mimi's first 16 levels; the decoder has entries of its own for their codes
    decoder    conv; 8 transformer layers over the last 72 frames; twice: a step up by 2 and a
               ConvNeXt block; convolutions with SnakeBeta up to the sound, which is held within ±1

Everything is causal: 80 ms of sound in, one frame of codes out, and back.

Differences. Any number of levels decodes; the package decodes all 16. The package decodes pieces of
300 frames, each behind the 25 frames before it: where a piece begins, attention and convolutions
have forgotten what lies further back. Here sound is decoded as a whole, and in streams alike;
`decode(tokens, chunks=PUBLISHED_CHUNKS)` is the package's sound. What only training needs is left
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from vocable.codecs.chunks import Chunks
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.mimi import MimiEncoderConfig, levels, mimi_encoder
from vocable.codecs.model import untrained
from vocable.codecs.seanet import DECODER_ONLY
from vocable.nn import (
    Block,
    Clamp,
    Conv1d,
    ConvNeXtBlock,
    ConvTranspose1d,
    GatedTransformerLayer,
    Linear,
    Residual,
    RMSNorm,
    SnakeBeta,
    Stack,
)
from vocable.quantize import PairedVQ, ResidualVQ
from vocable.tokens import TokenSpec

PUBLISHED_CHUNKS = Chunks(frames=300, context=25)  # qwen-tts 0.1.1, `chunked_decode`
DILATIONS = (1, 3, 9)  # of the three residual units behind each stride of the decoder


@dataclass(frozen=True)
class Qwen3TTSConfig(MimiEncoderConfig):
    """The sizes of the tokenizer: those of Mimi's encoder, and of the decoder, as published."""

    fill: bool = True
    sizes: tuple[int, ...] = (2048,) * 16
    decoder_strides: tuple[int, ...] = (8, 5, 4, 3)  # in order, after those of `upsamples`
    upsamples: tuple[int, ...] = (2, 2)  # strides before them, a ConvNeXt block behind each
    decoder_latent: int = 1024  # channels around the transformer, and of `upsamples`
    decoder_width: int = 512  # channels of the transformer
    decoder_layers: int = 8
    decoder_heads: int = 16
    decoder_head: int = 64  # channels of a head
    decoder_hidden: int = 1024  # channels inside a layer's MLP
    decoder_context: int = 72  # frames that attention sees, the own one included
    decoder_base: float = 10_000.0  # of the rotary positions
    decoder_filters: int = 1536  # channels before the first of the strides; each halves them


def qwen3_tts_12hz() -> Qwen3TTSConfig:
    """Return the sizes of the tokenizer, as published."""
    return Qwen3TTSConfig()


class Qwen3TTS(CodecModel):
    """Qwen3-TTS's tokenizer, as its config says."""

    not_in_codes = DECODER_ONLY | {
        "scale",
        "upsamples",
        "decoder_latent",
        "decoder_width",
        "decoder_layers",
        "decoder_heads",
        "decoder_head",
        "decoder_hidden",
        "decoder_context",
        "decoder_base",
        "decoder_filters",
    }

    def __init__(self, config: Qwen3TTSConfig) -> None:
        c = config
        sides = c.sizes[: c.semantic], c.sizes[c.semantic :]
        quantizer = PairedVQ(c.latent, [ResidualVQ(c.codebook_width, sizes) for sizes in sides])
        spec = TokenSpec(
            untrained("qwen3-tts"),
            rate=c.rate,
            frame=c.frame,
            channels=c.channels,
            levels=levels(c),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(c.rate, (*c.strides, c.resample), (*c.upsamples, *c.decoder_strides)),
        )
        super().__init__(config, spec)
        self.encoder = mimi_encoder(c)
        self.quantizer = quantizer
        self.decoder = Stack(
            Conv1d(c.latent, c.decoder_latent, 3),
            trunk(c),
            upsampler(c),
            sound(c),
        )


def trunk(config: Qwen3TTSConfig) -> Stack:
    """Return the transformer between maps from and to `decoder_latent` channels."""
    c = config
    layers = (
        GatedTransformerLayer(
            c.decoder_width,
            c.decoder_heads,
            width=c.decoder_head,
            context=c.decoder_context,
            hidden=c.decoder_hidden,
            base=c.decoder_base,
            scale=c.scale,
        )
        for _ in range(c.decoder_layers)
    )
    return Stack(
        Linear(c.decoder_latent, c.decoder_width),
        Stack(*layers),
        RMSNorm(c.decoder_width),
        Linear(c.decoder_width, c.decoder_latent),
    )


def upsampler(config: Qwen3TTSConfig) -> Stack:
    """Return the steps up that do not overlap, each before a ConvNeXt block."""
    width = config.decoder_latent
    return Stack(
        *(
            Stack(
                ConvTranspose1d(width, width, stride, stride=stride),
                ConvNeXtBlock(width, expansion=4, scale=1e-6, eps=1e-6),
            )
            for stride in config.upsamples
        )
    )


def sound(config: Qwen3TTSConfig) -> Stack:
    """Return the convolutions from `decoder_latent` channels to sound."""
    c = config
    widths = [c.decoder_filters // 2**n for n in range(len(c.decoder_strides) + 1)]
    steps = zip(pairwise(widths), c.decoder_strides, strict=True)
    return Stack(
        Conv1d(c.decoder_latent, widths[0], c.first_kernel),
        *(step_up(wide, narrow, stride) for (wide, narrow), stride in steps),
        SnakeBeta(widths[-1]),
        Conv1d(widths[-1], c.channels, c.decoder_last_kernel),
        Clamp(),
    )


def step_up(wide: int, narrow: int, stride: int) -> Stack:
    """Return a step up by `stride` to `narrow` channels, then three units."""
    up = ConvTranspose1d(wide, narrow, 2 * stride, stride=stride)
    return Stack(SnakeBeta(wide), up, *(unit(narrow, dilation) for dilation in DILATIONS))


def unit(channels: int, dilation: int) -> Block:
    """Return a residual unit: SnakeBeta, dilated convolution, SnakeBeta, pointwise one."""
    return Residual(
        Stack(
            SnakeBeta(channels),
            Conv1d(channels, channels, 7, dilation=dilation),
            SnakeBeta(channels),
            Linear(channels, channels),
        )
    )
