"""FocalCodec-Stream: FocalCodec that hears and speaks 80 ms at a time, with a decoder at 24 kHz.

"FocalCodec-Stream: Streaming Low-Bitrate Speech Coding via Causal Distillation" (Della Libera et
al. 2025, arXiv:2509.16195).

    model                       Hz               samples a frame  tokens/s  entries  bits/s
    focalcodec_50hz_2k_causal   16 000 → 24 000  320 → 480        50        2 ** 11  550
    focalcodec_50hz_4k_causal   16 000 → 24 000  320 → 480        50        2 ** 12  600
    focalcodec_50hz_65k_causal  16 000 → 24 000  320 → 480        50        2 ** 16  800

    encoder    WavLM large up to block 6, in chunks of four frames (wavlm_chunks.py); layers of
               focal modulation, whose last context is a convolution over 512 rows of the past
    quantizer  11, 12 or 16 numbers, each by its sign
    decoder    such layers; an MLP over each chunk; WaveNeXt: ConvNeXt blocks and a map to samples

A stream waits for the end of a chunk, 80 ms, and for no more: the decoder, too, sees ahead within
a chunk only. The first chunk begins with the recording, or with its tokens. In place of norms there
are hyperbolic tangents. "WaveNeXt: ConvNeXt-Based Fast Neural Vocoder Without ISTFT Layer" (Okamoto
et al. 2023, ieeexplore.ieee.org/document/10389765).

The sizes are the defaults of the published code; a checkpoint's own config.json says which it has.

Difference. The last chunk, where the end breaks it off, sees up to three rows less of the past than
in the published code's whole mode: as many as in its steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.decoder_strides import out_rate
from vocable.codecs.model import untrained
from vocable.nn import (
    GELU,
    Clamp,
    Conv1d,
    ConvNeXtBlock,
    DynamicTanh,
    FocalModulation,
    LayerNorm,
    Linear,
    Stack,
    State,
    Unpatch,
)
from vocable.nn.chunks import Chunks
from vocable.quantize import BSQ
from vocable.tokens import Level, TokenSpec
from vocable.units.focalcodec import SIX_OF_LARGE, Layer, compressor, decompressor, focal_layer
from vocable.units.wavlm import WavLM, WavLMConfig
from vocable.units.wavlm_chunks import wavlm_in_chunks

EPS = 1e-6  # of the norms of WaveNeXt
KERNEL = 7  # rows that its convolutions see


@dataclass(frozen=True)
class FocalCodecStreamConfig:
    """The sizes of a FocalCodec-Stream, as published with 4096 entries."""

    semantic: WavLMConfig = SIX_OF_LARGE
    attention: int = 512  # rows that a chunk sees, its own among them
    chunk: int = 4  # rows that see each other
    widths: tuple[int, ...] = (1024, 1024, 1024)  # channels of the encoder's layers behind WavLM
    kernels: tuple[int, ...] = (14, 18, 512)  # rows that the convolutions of a modulation see
    last_kernel: int = 512  # the last of them in the decoder's last layer
    bits: int = 12  # numbers of a token
    decoder_width: int = 1024  # channels of WaveNeXt's rows
    decoder_expansion: int = 2  # of the MLPs of its blocks
    decoder_blocks: int = 8
    hop: int = 480  # samples that are made of a frame: at 24 kHz

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.semantic.strides)


def focalcodec_50hz_2k_causal() -> FocalCodecStreamConfig:
    """Return the sizes with 2048 entries, as published."""
    return FocalCodecStreamConfig(bits=11)


def focalcodec_50hz_4k_causal() -> FocalCodecStreamConfig:
    """Return the sizes with 4096 entries, as published."""
    return FocalCodecStreamConfig()


def focalcodec_50hz_65k_causal() -> FocalCodecStreamConfig:
    """Return the sizes with 65 536 entries, as published."""
    return FocalCodecStreamConfig(bits=16)


PUBLISHED = (focalcodec_50hz_2k_causal, focalcodec_50hz_4k_causal, focalcodec_50hz_65k_causal)


class Refiner(Chunks):
    """Add to the rows of a chunk what an MLP makes of all of them; the end is filled up with 0."""

    def __init__(self, channels: int, chunk: int) -> None:
        super().__init__(chunk)
        self.up, self.down = (Linear(chunk * channels, chunk * channels) for _ in range(2))
        self.gelu = GELU()

    def run(
        self, rows: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Refine chunks."""
        full = F.pad(rows, (0, 0, 0, -rows.shape[1] % self.chunk))
        chunks = full.reshape(len(rows), full.shape[1] // self.chunk, -1)
        more = self.down(self.gelu(self.up(chunks))).reshape(full.shape)
        return rows + more[:, : rows.shape[1]], state


def _layer(kernels: tuple[int, ...]) -> Layer:
    return lambda width: focal_layer(width, FocalModulation(width, kernels), DynamicTanh)


def encoder(config: FocalCodecStreamConfig) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, bits]`."""
    c, once = config, (1,) * len(config.widths)
    speech = wavlm_in_chunks(c.semantic, window=c.attention, chunk=c.chunk).requires_grad_(False)
    return Stack(speech, compressor(c.semantic.width, c.widths, once, c.bits, _layer(c.kernels)))


def decoder(config: FocalCodecStreamConfig) -> Stack:
    """Return `[B, F, bits] -> [B, F · hop, 1]`."""
    c, once = config, (1,) * len(config.widths)
    width, features = c.decoder_width, c.semantic.width
    last = (*c.kernels[:-1], c.last_kernel)
    layers = [_layer(c.kernels)] * (len(once) - 1) + [_layer(last)]
    return Stack(
        decompressor(c.bits, (*c.widths[::-1], features), once, layers),
        Refiner(features, c.chunk),
        Stack(
            Conv1d(features, width, KERNEL),
            LayerNorm(width, eps=EPS),
            *(
                ConvNeXtBlock(
                    width, kernel=KERNEL, expansion=c.decoder_expansion,
                    scale=1 / c.decoder_blocks, eps=EPS,
                )
                for _ in range(c.decoder_blocks)
            ),
            LayerNorm(width, eps=EPS),
            Linear(width, c.hop),
            Unpatch(c.hop, c.hop),
            Clamp(),
        ),
    )  # fmt: skip


class FocalCodecStream(CodecModel):
    """FocalCodec-Stream, as its config says."""

    not_exported: ClassVar[str] = "its attention waits for chunks, whose rows no graph can count"
    not_in_codes = frozenset(
        {"last_kernel", "decoder_width", "decoder_expansion", "decoder_blocks", "hop"}
    )
    kind: ClassVar[str] = "focalcodec-stream"

    def __init__(self, config: FocalCodecStreamConfig) -> None:
        c = config
        spec = TokenSpec(
            untrained(self.kind),
            rate=WavLM.rate,
            frame=c.frame,
            channels=1,
            levels=(Level(1 << c.bits),),
            prefixes=(1,),
            out_rate=out_rate(WavLM.rate, (c.frame,), (c.hop,)),
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(c), BSQ(c.bits), decoder(c)
