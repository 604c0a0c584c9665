"""DualCodec: a level of what is said, and levels of what its network leaves of the sound.

"DualCodec: A Low-Frame-Rate, Semantically-Enhanced Neural Audio Codec for Speech Generation" (Li et
al. 2025, arXiv:2505.13000).

    model           Hz      samples a frame  frames/s  levels                 bits/s
    dualcodec_12hz  24 000  1920             12.5      16 384, then 7 × 4096  175, 1225 with all
    dualcodec_25hz  24 000  960              25        16 384, then 11 × 1024 350, 3100 with all

    encoder    w2v-BERT 2.0 up to block 17, standardised by fixed numbers, the mean of four or two
               rows; ConvNeXt blocks  |  DAC's encoder; both side by side
    quantizer  level 0 of what ConvNeXt gives; a second ConvNeXt makes of it what it says of DAC's
               latent; the others, DAC's, of what that leaves
    decoder    the second ConvNeXt's rows and those of the other levels, summed; DAC's decoder

Any first levels decode. w2v-BERT attends to all of a recording, so it is encoded as a whole: memory
follows its length, the time of attention its square. Decoding streams: ConvNeXt sees the past only,
DAC's decoder looks ahead by a finite number of frames. w2v-BERT is not in the published files;
without it `encodes` is False, and tokens can only be decoded.

Differences. Weights are plain, not weight-normed: the same function. The published code gives a
recording as many frames as w2v-BERT's windows fit in, none to the end behind them, and hears in
half precision. Here a recording is filled up with silence to whole frames, and by the 15 ms that
the last window has more; its tokens are those of the published code, in fp32, for the recording
with this silence. The published decoder returns some samples less than its frames stand for, whose
odd stride loses a row at the end; here they follow, as if the last frame went on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from vocable.codecs import dac
from vocable.codecs.absent import Absent
from vocable.codecs.codec_model import CodecModel
from vocable.codecs.dac import DACConfig
from vocable.codecs.model import untrained
from vocable.errors import ModelError
from vocable.nn import GELU, Block, DepthwiseConv1d, LayerNorm, Linear, Residual, Stack, State
from vocable.quantize import Gradient, Normalised, ResidualVQ
from vocable.quantize.base import LevelCodes, Quantized, as_levels
from vocable.quantize.parts import QuantizerOfParts
from vocable.quantize.precision import full_precision
from vocable.signal.resampling import sinc_resample
from vocable.tokens import Level, TokenSpec
from vocable.units.streaming import Standardise
from vocable.units.w2v_bert import W2vBert, W2vBertConfig
from vocable.units.whole_encoder import WholeEncoder

KERNEL = 7  # rows that a ConvNeXt block sees
EPS = 1e-6  # of its norm


@dataclass(frozen=True)
class DualCodecConfig:
    """The sizes of a DualCodec, as published at 12.5 frames a second."""

    sound: DACConfig = DACConfig(
        rate=24_000, encoder_channels=32, strides=(4, 5, 6, 8, 2), sizes=(4096,) * 7, dropout=1.0
    )  # its encoder and decoder, and the levels behind the first
    semantic: W2vBertConfig = W2vBertConfig(blocks=17)  # up to the block that is heard
    pooled: int = 4  # of its rows, whose mean counts
    size: int = 16_384  # entries of level 0
    code_width: int = 8  # dimensions in which they are searched
    width: int = 768  # channels of ConvNeXt
    hidden: int = 2048
    blocks: int = 4
    encodes: bool = True  # False: w2v-BERT is not there


def dualcodec_12hz() -> DualCodecConfig:
    """Return the sizes at 12.5 frames/s, as published: without w2v-BERT."""
    return DualCodecConfig(encodes=False)


def dualcodec_25hz() -> DualCodecConfig:
    """Return the sizes at 25 frames/s, as published: without w2v-BERT."""
    sound = DACConfig(rate=24_000, strides=(4, 5, 6, 8), sizes=(1024,) * 11, dropout=1.0)
    return DualCodecConfig(sound=sound, pooled=2, encodes=False)


PUBLISHED = (dualcodec_12hz, dualcodec_25hz)


def convnext(config: DualCodecConfig) -> list[Block]:
    """Return ConvNeXt blocks that see the past only."""
    c = config

    def branch() -> Stack:
        seen = (DepthwiseConv1d(c.width, KERNEL), LayerNorm(c.width, eps=EPS))
        return Stack(*seen, Linear(c.width, c.hidden), GELU(), Linear(c.hidden, c.width))

    return [Residual(branch()) for _ in range(c.blocks)]


class Heard(WholeEncoder):
    """What is to be said, and what DAC's encoder hears, side by side."""

    def __init__(self, config: DualCodecConfig) -> None:
        c = config
        super().__init__(c.sound.frame, c.width + c.sound.latent)
        self.rate, self.pooled = c.sound.rate, c.pooled
        self.speech = W2vBert(c.semantic).requires_grad_(False)
        self.standardise = Standardise(c.semantic.width)
        self.spoken = Stack(Linear(c.semantic.width, c.width), *convnext(c))
        self.sound = dac.encoder(c.sound)
        behind = (self.speech.window - self.speech.hop) * self.rate
        if c.sound.frame * self.speech.rate != c.pooled * self.speech.hop * self.rate:
            raise ModelError(
                f"strides {c.sound.strides} at {self.rate} Hz make frames of {c.sound.frame} "
                f"samples, which are not {c.pooled} rows of w2v-BERT, {self.speech.hop} each at "
                f"{self.speech.rate} Hz; set them alike"
            )
        self.behind = -(-behind // self.speech.rate)  # samples that its last window has more

    def hear(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return the rows that both have."""
        frames = -(-x.shape[1] // self.stride_in)
        x = F.pad(x, (0, 0, 0, frames * self.stride_in + self.behind - x.shape[1]))
        narrow = sinc_resample(x[..., 0], self.rate, self.speech.rate)
        rows = self.standardise(self.speech(narrow, self.speech.layers))
        pooled = rows[:, : frames * self.pooled].unflatten(1, (frames, self.pooled)).mean(2)
        spoken: Tensor = self.spoken(pooled)
        x = F.pad(x, (0, 0, 0, -x.shape[1] % self.stride_in))
        # in steps, so that of the many rows of its first layers few are held
        return torch.cat((spoken, Block.forward(self.sound, x)[:, :frames]), 2)


class DualVQ(QuantizerOfParts):
    """Quantize the first channels by level 0, and by the others what `told` leaves of the rest.

    told: the network that makes of level 0's channels what it says of the rest. What is decoded
    are the channels of level 0, and those of the other levels, side by side.
    """

    def __init__(self, config: DualCodecConfig) -> None:
        super().__init__()
        c, d = config, config.sound
        spoken = ResidualVQ(
            c.width, (c.size,), codebook=Normalised(c.code_width), update=Gradient()
        )
        self.spoken, self.told = spoken, Stack(*convnext(c), Linear(c.width, d.latent))
        self.rest = ResidualVQ(
            d.latent, d.sizes, codebook=Normalised(d.code_width), update=Gradient(),
            dropout=d.dropout,
        )  # fmt: skip
        self.dim, self.levels = c.width + d.latent, (c.size, *d.sizes)
        self.prefixes = (1, *(1 + n for n in self.rest.prefixes))

    @property
    def parts(self) -> Sequence[ResidualVQ]:  # type: ignore[override]
        """Both, in order."""
        return self.spoken, self.rest

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        more = self.wanted_levels(levels) - 1
        with torch.no_grad(), full_precision(z.device.type):
            spoken, sound = self._apart(z)
            first = self.spoken.encode(spoken)
            codes = as_levels(first)
            if more:
                left = sound - self.told(self.spoken.decode_checked(codes))
                codes = (*codes, *as_levels(self.rest.encode(left, more)))
        return torch.stack(tuple(codes), dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        first, others = self._shares(codes)
        with full_precision(first[0].device.type):
            spoken = self.spoken.decode_checked(first)
            if others:
                return torch.cat((spoken, self.rest.decode_checked(others)), 2)
            return F.pad(spoken, (0, self.rest.dim))

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        with full_precision(z.device.type):
            spoken, sound = self._apart(z)
            first = self.spoken(spoken)
            rest = self.rest(sound - self.told(first.z))
            alone = F.pad(first.z, (0, self.rest.dim))
            return self._joined(torch.cat((first.z, rest.z), 2), (first, rest), z.float(), alone)

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        with full_precision(latents.device.type):
            spoken, sound = self._apart(latents[None])
            self.spoken.start_learning(spoken[0], per_step)
            known = self.spoken.decode(self.spoken.encode(spoken))
            self.rest.start_learning((sound - self.told(known))[0], per_step)

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the larger of the distances: each searches what its own level 0 leaves."""
        (a, more), (b, other_more) = self._shares(codes), self._shares(other)
        with torch.no_grad(), full_precision(z.device.type):
            (spoken, sound), (other_spoken, other_sound) = self._apart(z), self._apart(other_z)
            found = self.spoken.tie_distance(spoken, a, other_spoken, b)
            if not more:
                return found
            left = sound - self.told(self.spoken.decode_checked(a))
            other_left = other_sound - self.told(self.spoken.decode_checked(b))
            return torch.maximum(found, self.rest.tie_distance(left, more, other_left, other_more))

    def _apart(self, z: Tensor) -> tuple[Tensor, Tensor]:
        spoken, sound = z.float().tensor_split((self.spoken.dim,), 2)
        return spoken, sound


class Told(Block):
    """Sum what a quantizer's network tells of level 0, and what the other levels give.

    The network is the quantizer's: codes depend on it.
    """

    def __init__(self, quantizer: DualVQ) -> None:
        super().__init__()
        self._told = (quantizer.told,)  # no part of this block
        self.width, self.channels_out = quantizer.spoken.dim, quantizer.rest.dim
        self.receptive = quantizer.told.receptive

    def initial_state(self, batch: int) -> State:
        """Return that of the network."""
        return self._told[0].initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Sum rows."""
        spoken, rest = x.tensor_split((self.width,), 2)
        told, state = self._told[0].step(spoken, state)
        return told + rest, state


class DualCodec(CodecModel):
    """DualCodec, as its config says."""

    not_exported: ClassVar[str] = "its encoder looks over all of a recording"
    not_in_codes = frozenset({"encodes"})
    kind: ClassVar[str] = "dualcodec"

    def __init__(self, config: DualCodecConfig) -> None:
        c, d = config, config.sound
        quantizer = DualVQ(c)
        roles = ("semantic", *("acoustic" for _ in d.sizes))
        pairs = zip(quantizer.levels, roles, strict=True)
        spec = TokenSpec(
            untrained(self.kind),
            rate=d.rate,
            frame=d.frame,
            channels=1,
            levels=tuple(Level(size, role=role) for size, role in pairs),
            prefixes=quantizer.prefixes,
        )
        super().__init__(config, spec)
        self.encoder: Block = Heard(c) if c.encodes else Absent(d.frame, quantizer.dim, _ABSENT)
        self.quantizer = quantizer
        self.decoder = Stack(Told(quantizer), dac.decoder(d))


_ABSENT = (
    "these weights encode nothing: w2v-BERT 2.0 was not beside them, which their package fetches "
    "from elsewhere; docs/codecs.md says where to put it"
)
