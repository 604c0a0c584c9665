"""TiCodec: few tokens a frame, and a handful of codes for what all of a recording is like.

"Fewer-token Neural Speech Codec with Time-invariant Codes" (Ren et al. 2023, arXiv:2310.00014).

    model         Hz      samples a frame  frames/s  levels × size  bits/s
    ticodec_1g1r  24 000  320              75        1 × 1024        750
    ticodec_1g2r  24 000  320              75        2 × 1024       1500
    ticodec_1g4r  24 000  320              75        4 × 1024       3000
                                                     and 8 codes of 1024 a recording

    encoder    HiFi-GAN's generator turned round: per stride a convolution and residual units of
               three kernels, whose sum is normalised over the recording after each
    voice      half way, of the rows: convolutions, the mean over time, a linear map, a batch norm;
               eight shares of it are quantized, each by a codebook of its own
    quantizer  a residual one, or several for a share of the channels each
    decoder    HiFi-GAN's generator; half way the vector of the voice is added to every row

Statistics over all of a recording are in every stage of the encoder: whole recordings are encoded,
and memory follows their length. Decoding looks ahead by a finite number of frames, and streams.
Tokens with the `voice` of others are said in it. All levels decode together, as they were trained.

Differences from the authors' code: none in the function. Weights are plain, not weight-normed; what
the encoder has and does not use, a linear map, is left out. In training the voices of two halves of
a segment are compared, where the authors draw a second segment of the recording; theirs begin with
tiny random entries, where ours of the frames are found by k-means and revived.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.codecs.codec_model import CodecModel, CodecOutput
from vocable.codecs.codes import Codes, as_codes
from vocable.codecs.decoder_strides import decoder_strides, out_rate
from vocable.codecs.hifigan_blocks import residual_units, symmetric, upsampling
from vocable.codecs.model import Sides, untrained
from vocable.codecs.ticodec_voice import SLOPE, VoiceEncoder
from vocable.errors import ModelError
from vocable.nn import (
    Block,
    Conv1d,
    GroupNorm,
    LeakyReLU,
    Mean,
    Stack,
    State,
    Tanh,
)
from vocable.nn.block import join
from vocable.quantize import Gradient, GroupedVQ, ResidualVQ
from vocable.tokens import Level, Side, TokenSpec

KERNEL, LAST_KERNEL = 7, 3  # of the convolutions at the ends, and of the encoder's last
LAST_SLOPE = 0.01  # of the activation before the encoder's last convolution
EPS = 1e-6  # of the norms over time
SMALL = 1 << 15  # codes that int16 holds


@dataclass(frozen=True)
class TiCodecConfig:
    """The sizes of a TiCodec. Defaults are those of two levels."""

    rate: int = 24_000  # Hz
    encoder_channels: int = 32  # of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 4, 5, 8)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    kernels: tuple[int, ...] = (3, 7, 11)  # of the residual blocks of a stage, as the decoder's
    dilations: tuple[int, ...] = (1, 3, 5)  # of the units of each
    norm_width: int = 16  # channels that one norm over time takes together
    latent: int = 512  # channels a frame
    decoder_channels: int = 512  # after the decoder's first convolution; each stride halves them
    groups: int = 1  # shares of a frame's channels, with levels of their own
    residuals: int = 2  # levels of each
    size: int = 1024  # entries of a level, and of each codebook of voices
    voice: int = 128  # numbers of a voice, as many as channels of the stage that it is added to
    voice_hidden: int = 64  # channels of its encoder
    voice_kernel: int = 3  # rows that a layer of it sees
    voice_groups: int = 8  # codes of a voice, one for each share of its numbers

    def __post_init__(self) -> None:
        if len(self.strides) < 2 or self.voice % self.voice_groups or self.latent % self.groups:
            raise ModelError(
                f"strides are {self.strides}, voice {self.voice} in {self.voice_groups} groups, "
                f"latent {self.latent} in {self.groups}; give two strides or more, and groups that "
                "part evenly"
            )
        if 2 * self.encoder_channels % self.norm_width:
            raise ModelError(
                f"norm_width is {self.norm_width}, which does not part the "
                f"{2 * self.encoder_channels} channels of the first stage; change one"
            )

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)

    @property
    def half(self) -> int:
        """Stages of the encoder before the rows of which a voice is found."""
        return len(self.strides) // 2


def ticodec_1g1r() -> TiCodecConfig:
    """Return the sizes of TiCodec with one level, as published."""
    return replace(ticodec_1g2r(), residuals=1)


def ticodec_1g2r() -> TiCodecConfig:
    """Return the sizes of TiCodec with two levels, as published."""
    return TiCodecConfig()


def ticodec_1g4r() -> TiCodecConfig:
    """Return the sizes of TiCodec with four levels, as published."""
    return replace(ticodec_1g2r(), residuals=4)


PUBLISHED = (ticodec_1g1r, ticodec_1g2r, ticodec_1g4r)


def ticodec_tiny() -> TiCodecConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 15 samples a frame."""
    return TiCodecConfig(
        rate=8000,
        encoder_channels=2,
        strides=(3, 5),
        kernels=(3, 5),
        dilations=(1, 2),
        norm_width=2,
        latent=8,
        decoder_channels=16,
        size=16,
        voice=8,
        voice_hidden=4,
        voice_groups=4,
    )


def stride_kernel(stride: int) -> int:
    """Return the kernel of a strided convolution, or of one that gives so many rows for each."""
    return 2 * stride + stride % 2


class NormedMean(Block):
    """The mean of blocks on one input; what is summed so far is normalised after each of them.

    It takes statistics over the whole recording, so it runs whole only: `lookahead` is None.
    """

    lookahead = None
    receptive = None

    def __init__(self, channels: int, norm_width: int, *blocks: Block) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        norms = (GroupNorm(channels // norm_width, channels, eps=EPS) for _ in blocks)
        self.norms = nn.ModuleList(norms)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Run each block, and normalise the sum."""
        total: Tensor = self.norms[0](self.blocks[0](x))
        for block, norm in zip(self.blocks[1:], self.norms[1:], strict=True):
            total = norm(total + block(x))
        return total / len(self.blocks)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Refuse: the statistics of what is still to come are not known."""
        raise ModelError("NormedMean normalises over the whole recording; run the block whole")


class Encoder(Stack):
    """`[B, T, 1] -> [B, T / frame, latent]`, in two halves."""

    def __init__(self, config: TiCodecConfig) -> None:
        c = config
        widths = [c.encoder_channels * 2**i for i in range(len(c.strides) + 1)]
        stages = [
            _down(c, narrow, wide, stride)
            for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True)
        ]
        super().__init__(
            Stack(symmetric(1, widths[0], KERNEL), *stages[: c.half]),
            Stack(
                *stages[c.half :],
                LeakyReLU(LAST_SLOPE),
                symmetric(widths[-1], c.latent, LAST_KERNEL),
            ),
        )

    def with_middle(
        self, x: Float[Tensor, "batch time 1"]
    ) -> tuple[Float[Tensor, "batch rows channels"], Float[Tensor, "batch frames dim"]]:
        """Return the rows half way, and the latents."""
        first, second = self.blocks
        middle = first(x)
        return middle, second(middle)


def _down(c: TiCodecConfig, narrow: int, wide: int, stride: int) -> Stack:
    kernel = stride_kernel(stride)
    pad = (kernel - stride) // 2
    units = (residual_units(wide, each, c.dilations, SLOPE) for each in reversed(c.kernels))
    return Stack(
        LeakyReLU(SLOPE),
        Conv1d(narrow, wide, kernel, stride=stride, pad=(pad, pad)),
        NormedMean(wide, c.norm_width, *units),
    )


class Spoken(Block):
    """Frames with a voice beside them to sound, `[B, F, latent + voice] -> [B, F · frame, 1]`.

    Half way, where there are as many channels, the voice is added to every row. A stream has that
    of its first frame.
    """

    channels_out = 1

    def __init__(self, config: TiCodecConfig) -> None:
        super().__init__()
        c, strides = config, decoder_strides(config.strides, config.decoder_strides)
        widths = [c.decoder_channels // 2**i for i in range(len(strides) + 1)]
        if c.voice not in widths[1:]:
            raise ModelError(
                f"a voice of {c.voice} numbers is added to as many channels, but the decoder's "
                f"stages have {widths[1:]}; change voice or decoder_channels"
            )
        stages = [
            _up(c, wide, narrow, stride)
            for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True)
        ]
        self.voice, told = c.voice, widths.index(c.voice)
        last = symmetric(widths[-1], 1, KERNEL)
        self.before = Stack(symmetric(c.latent, widths[0], KERNEL), *stages[:told])
        self.after = Stack(*stages[told:], LeakyReLU(SLOPE), last, Tanh())
        whole = Stack(self.before, self.after)
        self.ratio, self.lookahead, self.receptive = whole.ratio, whole.lookahead, whole.receptive

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of both halves."""
        return self.after.settled(self.before.settled(rows))

    def reach(self, rows: int) -> int | None:
        """Return how many input rows so many output rows depend on, through both halves."""
        middle = self.after.reach(rows)
        return None if middle is None else self.before.reach(middle)

    def forward(self, x: Float[Tensor, "batch frames channels"]) -> Float[Tensor, "batch time 1"]:
        """Run both halves whole."""
        y: Tensor = self.after(_added(self.before(x[..., : -self.voice]), self._voice(x)))
        return y

    def initial_state(self, batch: int) -> State:
        """Return the states of both halves, and between them no voice yet, `[batch, 0, voice]`."""
        none = self.zeros(batch, 0, self.voice)
        return self.before.initial_state(batch), none, self.after.initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch frames channels"], state: State
    ) -> tuple[Float[Tensor, "batch time 1"], State]:
        """Step both halves with the voice of the stream's first frame."""
        before, voice, after = state
        voice = voice if voice.shape[1] else self._voice(x)
        y, before = self.before.step(x[..., : -self.voice], before)
        y, after = self.after.step(_added(y, voice), after)
        return y, (before, voice, after)

    def finish(self, state: State) -> Float[Tensor, "batch rest 1"]:
        """Finish the first half, pass its rest through the second, and finish that."""
        before, voice, after = state
        y, after = self.after.step(_added(self.before.finish(before), voice), after)
        return join(y, self.after.finish(after))

    def _voice(self, x: Tensor) -> Tensor:
        """Return that of the first frame, if there is one."""
        return x[:, :1, -self.voice :].clone()


def _added(rows: Tensor, voice: Tensor) -> Tensor:
    return rows + voice.to(rows) if rows.shape[1] else rows


def _up(c: TiCodecConfig, wide: int, narrow: int, stride: int) -> Stack:
    units = (residual_units(narrow, each, c.dilations, SLOPE) for each in c.kernels)
    up = upsampling(wide, narrow, stride, stride_kernel(stride))
    return Stack(LeakyReLU(SLOPE), up, Mean(*units))


def quantizer(config: TiCodecConfig) -> GroupedVQ:
    """Return levels for each share of the channels, all of which decode together."""
    c = config

    def part() -> ResidualVQ:
        sizes, whole = (c.size,) * c.residuals, (c.residuals,)
        return ResidualVQ(c.latent // c.groups, sizes, update=Gradient(), prefixes=whole)

    return GroupedVQ([part() for _ in range(c.groups)])


class TiCodec(CodecModel):
    """TiCodec, as its config says."""

    not_in_codes = frozenset({"decoder_strides", "decoder_channels"})
    encoder: Encoder
    side_encoder: VoiceEncoder

    def __init__(self, config: TiCodecConfig) -> None:
        c, found = config, quantizer(config)
        kind = "int16" if c.size <= SMALL else "int32"
        spec = TokenSpec(
            untrained("ticodec"),
            rate=c.rate,
            frame=c.frame,
            channels=1,
            levels=tuple(Level(size) for size in found.levels),
            prefixes=found.prefixes,
            out_rate=out_rate(c.rate, c.strides, c.decoder_strides),
            sides=(Side("voice", (c.voice_groups,), kind),),
        )
        super().__init__(config, spec)
        self.encoder = Encoder(c)
        self.side_encoder = VoiceEncoder(
            c.encoder_channels * 2**c.half, c.voice_hidden, c.voice,
            kernel=c.voice_kernel, groups=c.voice_groups, size=c.size,
        )  # fmt: skip
        self.quantizer, self.decoder = found, Spoken(c)

    def latents_and_sides(self, x: Float[Tensor, "batch channels time"]) -> tuple[Tensor, Sides]:
        """Return what is quantized, and the codes of the voice."""
        middle, z = self.encoder.with_middle(self._rows(x))
        return z, self.side_encoder(middle)

    def condition(self, z: Float[Tensor, "batch frames dim"], sides: Sides) -> Tensor:
        """Return frames with the voice beside them."""
        return _beside(z, self.side_encoder.decode(sides["voice"]))

    def forward(self, x: Float[Tensor, "batch channels time"]) -> CodecOutput:
        """Encode and decode for training: gradients pass both quantizers.

        The losses of the voice's codes are added to those of the frames'.
        """
        middle, z = self.encoder.with_middle(self._rows(x))
        voice, found = self.side_encoder.learnt(middle), self.quantizer(z)
        y = self.decoder(_beside(found.z, voice.vector)).transpose(1, 2)
        length = x.shape[-1] * self.spec.writes // self.spec.rate
        codes = Codes(as_codes(found.codes), {"voice": voice.codes})
        losses = {name: loss + found.losses.get(name, 0) for name, loss in voice.losses.items()}
        return CodecOutput(y[..., :length], codes, losses, found.health, found, codes.sides)


def _beside(z: Tensor, vector: Tensor) -> Tensor:
    return torch.cat((z, vector[:, None].expand(-1, z.shape[1], -1)), 2)
