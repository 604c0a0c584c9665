"""X-Codec 2: one token a frame of 65 536, of what is heard in speech and in sound.

"Llasa: Scaling Train-Time and Inference-Time Compute for Llama-based Speech Synthesis" (Ye et al.
2025, arXiv:2502.04128). Its encoder of sound is BigCodec's, its decoder Vocos' with attention.

    model    Hz      samples a frame  tokens/s  entries         bits/s
    xcodec2  16 000  320              50        4 ** 8 = 65536  800

    encoder   w2v-BERT 2.0 up to block 16, four convolutions  |  convolutions with anti-aliased
              activations; both side by side, a map
    quantizer eight numbers of four steps, bounded twice, as published
    decoder   a map, a convolution, residual blocks around attention, norm, inverse STFT

w2v-BERT attends to all of a recording, and so does the decoder, whose norms are over all of time
as well: both take whole recordings. Memory follows their length, the time of attention its square.

Differences. The published code puts a frame of silence behind a recording of whole frames; here it
is put there, too, but its token is left out. The published decoder turns queries and keys by angles
that depend on the head and not on the place, which no score depends on: there are no positions
here. Dropout is left out, and so is the head that only training has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac_blocks import anti_aliased_encoder
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import (
    Block,
    Conv1d,
    InverseSTFT,
    LayerNorm,
    Linear,
    Residual,
    ResnetBlock,
    RMSNorm,
    SiLU,
    Stack,
    WholeAttention,
)
from vocable.nn.activation import LeakyReLU
from vocable.quantize import FSQ
from vocable.quantize.bound import AtanhBound
from vocable.tokens import Level, TokenSpec
from vocable.units.w2v_bert import W2vBert, W2vBertConfig
from vocable.units.whole_encoder import WholeEncoder

EPS = 1e-6  # of the norms of the decoder
GROUPS = 32  # of channels, in the norms over time
SPECTRUM = 4  # hops in the window of a spectrum


@dataclass(frozen=True)
class XCodec2Config:
    """The sizes of an X-Codec 2, as published."""

    encoder_channels: int = 48  # of the first convolution on sound; each stride doubles them
    strides: tuple[int, ...] = (2, 2, 4, 4, 5)  # of these convolutions; a frame is their product
    width: int = 1024  # channels of what is heard in sound, and of the decoder
    semantic: W2vBertConfig = W2vBertConfig(blocks=16)  # up to the block that is heard
    steps: tuple[int, ...] = (4,) * 8  # of each number of a token
    hop: int = 320  # samples that the decoder makes of a frame
    heads: int = 16  # of the decoder's attention
    hidden: int = 4096  # channels of the MLP in each of its blocks
    blocks: int = 12

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)


def xcodec2() -> XCodec2Config:
    """Return the sizes of X-Codec 2, as published."""
    return XCodec2Config()


PUBLISHED = (xcodec2,)


class Heard(WholeEncoder):
    """What w2v-BERT hears and what convolutions hear, side by side, and a map.

    behind: samples of silence behind the recording, before it is filled up to whole frames.
    around: samples of it around what w2v-BERT gets.
    """

    def __init__(self, config: XCodec2Config, *, behind: int, around: int) -> None:
        c, channels = config, config.semantic.width
        both = channels + c.width
        super().__init__(c.frame, both)
        self.behind, self.around = behind, around
        self.speech = W2vBert(c.semantic).requires_grad_(False)
        self.adapter = adapter(channels)
        self.sound = anti_aliased_encoder(c.encoder_channels, c.strides, c.width)
        self.joined = Linear(both, both)
        if self.speech.hop != c.frame:
            raise ModelError(
                f"strides {c.strides} make frames of {c.frame} samples, but w2v-BERT's are of "
                f"{self.speech.hop}; set them alike"
            )

    def hear(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return the rows that both have."""
        silence = self.behind + -(x.shape[1] + self.behind) % self.stride_in
        x = F.pad(x, (0, 0, 0, silence))
        padded = F.pad(x[..., 0], (self.around, self.around))
        semantic = self.adapter(self.speech(padded, self.speech.layers))
        # in steps, so that of the many rows of its first layers few are held
        acoustic = Block.forward(self.sound, x)[:, : semantic.shape[1]]
        y: Tensor = self.joined(torch.cat((semantic, acoustic), 2))
        return y


def adapter(channels: int) -> Stack:
    """Return the convolutions behind w2v-BERT."""

    def conv(bias: bool) -> Conv1d:
        return Conv1d(channels, channels, 3, pad=(1, 1), bias=bias)

    within = Residual(Stack(conv(True), LeakyReLU(), conv(True)))
    return Stack(conv(False), LeakyReLU(), within, conv(False))


def decoder(config: XCodec2Config) -> Stack:
    """Return `[B, F, semantic width + width] -> [B, F · hop, 1]`."""
    c, window = config, SPECTRUM * config.hop
    return Stack(
        Linear(c.semantic.width + c.width, c.width),
        Conv1d(c.width, c.width, 7, pad=(3, 3)),
        *(ResnetBlock(c.width, groups=GROUPS, eps=EPS) for _ in range(2)),
        *(_layer(c) for _ in range(c.blocks)),
        *(ResnetBlock(c.width, groups=GROUPS, eps=EPS) for _ in range(2)),
        LayerNorm(c.width, eps=EPS),
        Linear(c.width, window + 2),
        InverseSTFT(window, c.hop),
    )


def _layer(c: XCodec2Config) -> Stack:
    wide, narrow = Linear(c.width, c.hidden, bias=False), Linear(c.hidden, c.width, bias=False)
    attention = WholeAttention(c.width, heads=c.heads, bias=False)
    return Stack(
        Residual(Stack(RMSNorm(c.width, eps=EPS), attention)),
        Residual(Stack(RMSNorm(c.width, eps=EPS), wide, SiLU(), narrow)),
    )


class XCodec2(CodecModel):
    """X-Codec 2, as its config says."""

    not_exported: ClassVar[str] = "its encoder and its decoder look over all of a recording"
    not_in_codes = frozenset({"hop", "heads", "hidden", "blocks"})
    kind: ClassVar[str] = "xcodec2"

    def __init__(self, config: XCodec2Config) -> None:
        c = config
        rate = W2vBert.rate
        spec = TokenSpec(
            untrained(self.kind),
            rate=rate,
            frame=c.frame,
            channels=1,
            levels=(Level(math.prod(c.steps)),),
            prefixes=(1,),
            out_rate=rate * c.hop // c.frame,
        )
        super().__init__(config, spec)
        self.encoder = self._encoder(c)
        bound = AtanhBound(times=2)  # by ResidualFSQ, and by the FSQ in it
        self.quantizer = FSQ(c.steps, dim=c.semantic.width + c.width, bound=bound)
        self.decoder = decoder(c)

    def _encoder(self, c: XCodec2Config) -> Heard:
        return Heard(c, behind=1, around=c.frame // 2)
