"""Voxtral's codec: causal convolutions and transformers, one searched level beside 36 rounded ones.

"Voxtral TTS" (Mistral AI 2026, arXiv:2603.25551).

    model        Hz      samples a frame  frames/s  levels × size         bits/s
    voxtral_tts  24 000  1920             12.5      1 × 8192 and 36 × 21  2140

    encoder    240 samples as one row; convolution; four times: 2 layers, then a convolution, which
               halves the rate three times
    quantizer  a codebook for 256 channels; 21 steps within ±1 for each of 36 more
    decoder    the same, the other way round

Attention sees 16 rows before its own, half as many at each lower rate, and places them by how far
back they lie. Everything is causal but for edges: the first row out of a reflected edge waits for
the seven it mirrors, less than a frame. 80 ms of sound in, one frame of codes out, and back.

Its makers publish the decoder alone: `encodes` is False then, and what its language model says
decodes.

Differences. Sound is decoded as a whole, and in streams alike; `vllm-omni` decodes chunks of 375
frames by themselves, `decode(tokens, chunks=PUBLISHED_CHUNKS)`. A recording that ends inside a
frame is filled up with silence. What only training needs is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vocable.codecs.absent import Absent
from vocable.codecs.chunks import Chunks
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.nn import (
    AlibiAttention,
    Block,
    ConvTranspose1d,
    EdgeConv1d,
    FirstRowConv1d,
    Linear,
    Patch,
    Residual,
    RMSNorm,
    Scale,
    Stack,
    Unpatch,
)
from vocable.nn.transformer import SwiGLU
from vocable.quantize import FSQ, VQ, ConcatenatedQuantizer, SymmetricBound
from vocable.tokens import Level, TokenSpec

PUBLISHED_CHUNKS = Chunks(frames=375)  # vllm-omni 0.30.0, `decode_helper_batch_async`
_ABSENT = (
    "the makers of Voxtral TTS publish its decoder alone; decode the codes of its language model"
)


@dataclass(frozen=True)
class VoxtralConfig:
    """The sizes of Voxtral's codec, as published."""

    rate: int = 24_000  # Hz
    patch: int = 240  # samples that are one row
    patch_kernel: int = 7  # of the convolutions next to the sound, in rows
    width: int = 1024  # channels of convolutions and layers
    heads: int = 8
    head: int = 128  # channels of a head
    hidden: int = 4096  # channels inside a layer's MLP
    window: int = 16  # rows before its own that attention sees, at the rate next to the sound
    layers: tuple[int, ...] = (2, 2, 2, 2)  # of the encoder, before each of its convolutions
    kernels: tuple[int, ...] = (4, 4, 4, 3)
    strides: tuple[int, ...] = (2, 2, 2, 1)
    decoder_layers: tuple[int, ...] = (2, 2, 2, 2)  # behind each of the decoder's convolutions
    decoder_kernels: tuple[int, ...] = (3, 4, 4, 4)
    decoder_strides: tuple[int, ...] = (1, 2, 2, 2)
    size: int = 8192  # entries of the searched level
    searched: int = 256  # channels that it stands for
    steps: int = 21  # of each other level
    rounded: int = 36  # channels beside, a level each
    norm_eps: float = 1e-2
    scale: float = 0.01  # that layers start with
    encodes: bool = True  # False: only the decoder is there, as published

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return self.patch * math.prod(self.strides)

    @property
    def latent(self) -> int:
        """Channels a frame."""
        return self.searched + self.rounded


def voxtral_tts() -> VoxtralConfig:
    """Return the sizes as published: without the encoder."""
    return VoxtralConfig(encodes=False)


def encoder(config: VoxtralConfig) -> Block:
    """Return `[B, T, 1] -> [B, T / frame, latent]`."""
    c, window = config, config.window
    if not c.encodes:
        return Absent(c.frame, c.latent, _ABSENT)
    edge = EdgeConv1d(c.patch, c.width, c.patch_kernel, edge="reflect", bias=False)
    blocks: list[Block] = [Patch(1, c.patch), edge]
    for n, (layers, kernel, stride) in enumerate(zip(c.layers, c.kernels, c.strides, strict=True)):
        out = c.latent if n + 1 == len(c.layers) else c.width
        blocks.append(trunk(c, layers, window))
        blocks.append(FirstRowConv1d(c.width, out, kernel, stride=stride, bias=False))
        window //= stride
    return Stack(*blocks)


def decoder(config: VoxtralConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, 1]`."""
    c, window = config, config.window // math.prod(config.decoder_strides)
    blocks: list[Block] = []
    sizes = zip(c.decoder_layers, c.decoder_kernels, c.decoder_strides, strict=True)
    for n, (layers, kernel, stride) in enumerate(sizes):
        blocks.append(
            ConvTranspose1d(c.width, c.width, kernel, stride=stride, bias=False)
            if n
            else FirstRowConv1d(c.latent, c.width, kernel, stride=stride, bias=False)
        )
        window *= stride
        blocks.append(trunk(c, layers, window))
    edge = EdgeConv1d(c.width, c.patch, c.patch_kernel, edge="reflect", bias=False)
    return Stack(*blocks, edge, Unpatch(c.patch, c.patch))


def trunk(config: VoxtralConfig, layers: int, window: int) -> Stack:
    """Return transformer layers that see so many rows before their own."""
    c = config

    def attention() -> Block:
        made = AlibiAttention(c.width, c.heads, context=window + 1, width=c.head)
        return Residual(Stack(RMSNorm(c.width, eps=c.norm_eps), made, Scale(c.width, c.scale)))

    def mlp() -> Block:
        return Residual(
            Stack(
                RMSNorm(c.width, eps=c.norm_eps),
                Linear(c.width, 2 * c.hidden, bias=False),
                SwiGLU(c.hidden),
                Linear(c.hidden, c.width, bias=False),
                Scale(c.width, c.scale),
            )
        )

    return Stack(*(Stack(attention(), mlp()) for _ in range(layers)))


class Voxtral(CodecModel):
    """Voxtral's codec, as its config says."""

    not_in_codes = frozenset({"decoder_layers", "decoder_kernels", "decoder_strides", "scale"})

    def __init__(self, config: VoxtralConfig) -> None:
        c = config
        others = FSQ((c.steps,), groups=c.rounded, bound=SymmetricBound())
        quantizer = ConcatenatedQuantizer([VQ(c.searched, c.size), others])
        spec = TokenSpec(
            untrained("voxtral"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=(Level(c.size, role="semantic"), *(Level(c.steps),) * c.rounded),
            prefixes=quantizer.prefixes,
            out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(c), quantizer, decoder(c)
