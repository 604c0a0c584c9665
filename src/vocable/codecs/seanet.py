"""The SoundStream and EnCodec family: a causal convolutional encoder and decoder around an RVQ.

"SoundStream: An End-to-End Neural Audio Codec" (Zeghidour et al. 2021, arXiv:2107.03312) and "High
Fidelity Neural Audio Compression" (Défossez et al. 2022, arXiv:2210.13438). The network is SEANet
(Tagliasacchi et al. 2020, arXiv:2009.02095).

    model               Hz      samples a frame  frames/s  levels × size  bits/s, of any prefix
    soundstream_24khz   24 000  320              75        24 × 1024      750 to 18 000
    encodec_24khz       24 000  320              75        32 × 1024      1500 to 24 000

    soundstream_24khz has 10.5 M weights; the paper says 8.4 M but does not give every size

Bitrate scales when encoding (`levels=`) and afterwards (`tokens.first(n)`). The latency is one
frame.

Differences. ELU stands before every convolution but the first, as in EnCodec. Weights are plain,
not weight-normed: the same function, with one tensor less a layer. Left padding is zeros, so a
stream starts at once; the published EnCodec reflects the first samples instead, and must wait for
seven frames. SoundStream's denoising switch (FiLM) is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor

from vocable.codecs.codec_model import CodecModel
from vocable.codecs.model import untrained
from vocable.nn import ELU, LSTM, Block, Conv1d, ConvTranspose1d, Linear, Residual, Stack, State
from vocable.quantize import ResidualVQ
from vocable.tokens import Level, TokenSpec


@dataclass(frozen=True)
class SEANetConfig:
    """The sizes of a SEANet codec. Defaults are SoundStream's."""

    rate: int = 24_000  # Hz
    channels: int = 1  # coded together: 2 for stereo
    filters: int = 32  # channels of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 4, 5, 8)  # of the encoder, in order; a frame is their product
    dilations: tuple[int, ...] = (1, 3, 9)  # one residual unit each, before every stride
    unit_kernel: int = 7  # rows that a residual unit's first convolution sees
    unit_shrink: int = 1  # a unit's hidden channels are its channels divided by this
    unit_shortcut: bool = False  # a unit's skip is a convolution, not the identity
    last_kernel: int = 3  # rows that the encoder's last convolution sees
    lstm_layers: int = 0  # beside the bottleneck, each with a skip around all of them
    latent: int = 256  # channels a frame
    sizes: tuple[int, ...] = (1024,) * 24  # entries of each level
    prefixes: tuple[int, ...] = ()  # numbers of levels that training draws; none: every number
    dropout: float = 1.0  # share of training items that use a drawn number of levels

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)


def soundstream_24khz() -> SEANetConfig:
    """Return the sizes of SoundStream at 24 kHz, 3 to 18 kbps as published."""
    return SEANetConfig()


def encodec_24khz() -> SEANetConfig:
    """Return the sizes of EnCodec at 24 kHz, 1.5 to 24 kbps as published."""
    return SEANetConfig(
        dilations=(1,),
        unit_kernel=3,
        unit_shrink=2,
        unit_shortcut=True,
        last_kernel=7,
        lstm_layers=2,
        latent=128,
        sizes=(1024,) * 32,
        prefixes=(2, 4, 8, 16, 32),
    )


def seanet_tiny() -> SEANetConfig:
    """Return a codec of a few thousand weights, for tests: 8 kHz, 16 samples a frame."""
    return SEANetConfig(
        rate=8000,
        filters=4,
        strides=(2, 8),
        dilations=(1, 3),
        unit_kernel=3,
        lstm_layers=1,
        latent=8,
        sizes=(16,) * 4,
    )


class ShortcutUnit(Block):
    """`shortcut(x) + branch(x)`: a pointwise shortcut, a branch that does not look ahead."""

    def __init__(self, channels: int, branch: Block) -> None:
        super().__init__()
        self.shortcut, self.branch = Linear(channels, channels), branch
        self.lookahead, self.receptive = 0, branch.receptive

    def initial_state(self, batch: int) -> State:
        """Return the branch's state."""
        return self.branch.initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Add the two ways."""
        y, state = self.branch.step(x, state)
        return self.shortcut(x) + y, state


def unit(config: SEANetConfig, channels: int, dilation: int) -> Block:
    """Return a residual unit: ELU, dilated convolution, ELU, pointwise convolution."""
    hidden = channels // config.unit_shrink
    branch = Stack(
        ELU(),
        Conv1d(channels, hidden, config.unit_kernel, dilation=dilation),
        ELU(),
        Linear(hidden, channels),
    )
    return ShortcutUnit(channels, branch) if config.unit_shortcut else Residual(branch)


def encoder(config: SEANetConfig) -> Stack:
    """Return `[B, T, channels] -> [B, T / frame, latent]`."""
    c = config
    widths = [c.filters * 2**i for i in range(len(c.strides) + 1)]
    blocks: list[Block] = [Conv1d(c.channels, c.filters, 7)]
    for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True):
        blocks += [unit(c, narrow, dilation) for dilation in c.dilations]
        blocks += [ELU(), Conv1d(narrow, wide, 2 * stride, stride=stride)]
    if c.lstm_layers:
        blocks.append(Residual(LSTM(widths[-1], widths[-1], layers=c.lstm_layers)))
    return Stack(*blocks, ELU(), Conv1d(widths[-1], c.latent, c.last_kernel))


def decoder(config: SEANetConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, channels]`, the encoder mirrored."""
    c = config
    widths = [c.filters * 2**i for i in range(len(c.strides), -1, -1)]
    blocks: list[Block] = [Conv1d(c.latent, widths[0], 7)]
    if c.lstm_layers:
        blocks.append(Residual(LSTM(widths[0], widths[0], layers=c.lstm_layers)))
    for (wide, narrow), stride in zip(pairwise(widths), reversed(c.strides), strict=True):
        blocks += [ELU(), ConvTranspose1d(wide, narrow, 2 * stride, stride=stride)]
        blocks += [unit(c, narrow, dilation) for dilation in c.dilations]
    return Stack(*blocks, ELU(), Conv1d(c.filters, c.channels, 7))


class SEANet(CodecModel):
    """SoundStream or EnCodec, as its config says."""

    def __init__(self, config: SEANetConfig) -> None:
        quantizer = ResidualVQ(
            config.latent,
            config.sizes,
            dropout=config.dropout,
            prefixes=config.prefixes or None,
        )
        spec = TokenSpec(
            untrained("seanet"),
            rate=config.rate,
            frame=config.frame,
            channels=config.channels,
            levels=tuple(Level(size) for size in config.sizes),
            prefixes=quantizer.prefixes,
        )
        super().__init__(config, spec)
        self.encoder, self.quantizer, self.decoder = encoder(config), quantizer, decoder(config)
