"""SEANet: the convolutional encoder and decoder that SoundStream, EnCodec and Mimi share.

"SEANet: A Multi-modal Speech Enhancement Network" (Tagliasacchi et al. 2020, arXiv:2009.02095), as
"SoundStream" (Zeghidour et al. 2021, arXiv:2107.03312) and "High Fidelity Neural Audio Compression"
(Défossez et al. 2022, arXiv:2210.13438) lay it out; what they differ in is in `SEANetConfig`.

    encoder   conv; for each stride: units, ELU, conv; then LSTM, ELU, conv
    decoder   conv, LSTM; for each stride, last first: ELU, transposed conv, units; then ELU, conv
    unit      x (or a pointwise conv of it) + conv(ELU(dilated conv(ELU(x))))

With a bidirectional LSTM the encoder is twice as wide behind it, and its skip is `[x, x]`.

The members of the stacks are counted as in the published implementations, `model.0`, `model.1`, …;
without an LSTM there is no place for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.decoder_strides import decoder_strides
from vocable.nn import (
    ELU,
    LSTM,
    BidirectionalLSTM,
    Block,
    Conv1d,
    ConvTranspose1d,
    EdgeConv1d,
    GroupNorm,
    Linear,
    Residual,
    Snake,
    Stack,
    State,
)

DECODER_ONLY = frozenset({"decoder_strides", "decoder_last_kernel"})  # fields of the config


@dataclass(frozen=True)
class SEANetConfig:
    """The sizes of the graph. Defaults are SoundStream's."""

    channels: int = 1  # coded together: 2 for stereo
    filters: int = 32  # channels of the first convolution; each stride doubles them
    strides: tuple[int, ...] = (2, 4, 5, 8)  # of the encoder, in order; a frame is their product
    decoder_strides: tuple[int, ...] = ()  # in order, if not those of the encoder, last first
    dilations: tuple[int, ...] = (1, 3, 9)  # one residual unit each, before every stride
    unit_kernel: int = 7  # rows that a unit's first convolution sees
    unit_shrink: int = 1  # a unit's hidden channels are its channels divided by this
    unit_shortcut: bool = False  # a unit's skip is a convolution, not the identity
    first_kernel: int = 7  # rows that the first convolution of encoder and decoder sees
    encoder_last_kernel: int = 3
    decoder_last_kernel: int = 7
    lstm_layers: int = 0  # beside the bottleneck, each with a skip around all of them
    bidirectional: bool = False  # the LSTM of the encoder runs backwards too: whole recordings only
    snake: bool = False  # in place of every ELU
    latent: int = 256  # channels a frame
    causal: bool = True  # else convolutions see as far ahead as back
    edge: Literal["zeros", "reflect"] = "zeros"  # what lies before and behind the recording
    fill: bool = False  # each layer fills up the stride that it ends in, by its own edge
    group_norm: bool = False  # over time and channels, after every convolution

    @property
    def frame(self) -> int:
        """Samples a frame."""
        return math.prod(self.strides)

    @property
    def widths(self) -> list[int]:
        """Channels before the first stride and after each."""
        return [self.filters * 2**i for i in range(len(self.strides) + 1)]


def encoder(config: SEANetConfig) -> Stack:
    """Return `[B, T, channels] -> [B, T / frame, latent]`."""
    c, widths = config, config.widths
    blocks: list[Block] = [conv(c, c.channels, c.filters, c.first_kernel)]
    for (narrow, wide), stride in zip(pairwise(widths), c.strides, strict=True):
        blocks += [unit(c, narrow, dilation) for dilation in c.dilations]
        blocks += [activation(c, narrow), conv(c, narrow, wide, 2 * stride, stride=stride)]
    width = widths[-1]
    if c.bidirectional and c.lstm_layers:
        blocks.append(Residual(BidirectionalLSTM(width, width, layers=c.lstm_layers), Twice()))
        width *= 2
    else:
        blocks += memory(c)
    last = conv(c, width, c.latent, c.encoder_last_kernel)
    return Stack(*blocks, activation(c, width), last)


def decoder(config: SEANetConfig) -> Stack:
    """Return `[B, F, latent] -> [B, F · frame, channels]`, the encoder mirrored.

    With strides of its own, each halves the channels all the same.
    """
    c, strides = config, decoder_strides(config.strides, config.decoder_strides)
    widths = [config.widths[-1] // 2**i for i in range(len(strides) + 1)]
    blocks = [conv(c, c.latent, widths[0], c.first_kernel), *memory(c)]
    for (wide, narrow), stride in zip(pairwise(widths), strides, strict=True):
        blocks += [activation(c, wide), transposed(c, wide, narrow, stride)]
        blocks += [unit(c, narrow, dilation) for dilation in c.dilations]
    last = conv(c, widths[-1], c.channels, c.decoder_last_kernel)
    return Stack(*blocks, activation(c, widths[-1]), last)


def unit(config: SEANetConfig, channels: int, dilation: int) -> Block:
    """Return a residual unit: activation, dilated convolution, activation, pointwise one."""
    hidden = channels // config.unit_shrink
    branch = Stack(
        activation(config, channels),
        conv(config, channels, hidden, config.unit_kernel, dilation=dilation),
        activation(config, hidden),
        conv(config, hidden, channels, 1),
    )
    return Residual(branch, conv(config, channels, channels, 1) if config.unit_shortcut else None)


def memory(config: SEANetConfig) -> list[Block]:
    """Return the LSTM with a skip around all its layers; none for no layers."""
    width, layers = config.widths[-1], config.lstm_layers
    return [Residual(LSTM(width, width, layers=layers))] if layers else []


def activation(config: SEANetConfig, channels: int) -> Block:
    """Return what stands before a convolution of so many channels."""
    return Snake(channels) if config.snake else ELU()


def conv(
    config: SEANetConfig,
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    stride: int = 1,
    dilation: int = 1,
) -> Block:
    """Return a convolution padded as the config says; the odd row of symmetric padding is left."""
    padding = (kernel - 1) * dilation + 1 - stride
    right = 0 if config.causal else padding // 2
    pad, fill = (padding - right, right), config.fill
    sizes = (channels_in, channels_out, kernel)
    made: Block
    if kernel == 1:
        made = Linear(channels_in, channels_out)
    elif config.edge == "zeros":
        made = Conv1d(*sizes, stride=stride, dilation=dilation, pad=pad, fill=fill)
    else:
        made = EdgeConv1d(
            *sizes, stride=stride, dilation=dilation, pad=pad, fill=fill, edge=config.edge
        )
    return Normed(made, channels_out) if config.group_norm else made


def transposed(config: SEANetConfig, channels_in: int, channels_out: int, stride: int) -> Block:
    """Return a transposed convolution of kernel `2 * stride`, cut as `conv` is padded."""
    right = stride if config.causal else stride // 2
    if config.group_norm:
        return NormedTransposed(channels_in, channels_out, stride, stride - right)
    trim = (stride - right, right)
    return ConvTranspose1d(channels_in, channels_out, 2 * stride, stride=stride, trim=trim)


class Twice(Block):
    """Each row, and the same again beside it: what both directions of an LSTM are added to."""

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Repeat the channels."""
        return torch.cat((x, x), 2)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Repeat the channels; there is no state."""
        return self.forward(x), state


class Normed(Block):
    """A convolution whose output is normalised over time and channels; whole only."""

    lookahead = None
    receptive = None

    def __init__(self, conv: Block, channels: int) -> None:
        super().__init__()
        self.conv, self.norm = conv, GroupNorm(1, channels)
        self.stride_in, self.ratio = conv.stride_in, conv.ratio

    @property
    def ragged(self) -> bool:
        """Whether input may end inside a stride of the convolution."""
        return self.conv.ragged

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Convolve, then normalise."""
        y: Tensor = self.norm(self.conv(x))
        return y

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Refuse, as the normalisation does."""
        return self.norm.step(x, state)


class NormedTransposed(Normed):
    """A transposed convolution, normalised together with the rows that are cut off after that."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, left: int) -> None:
        spread = ConvTranspose1d(channels_in, channels_out, 2 * stride, stride=stride)
        super().__init__(spread, channels_out)
        self.left, self.stride = left, stride

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Spread to all rows, normalise them, cut."""
        silence = x.new_zeros(x.shape[0], 1, x.shape[2])  # the last row reaches a stride further
        y: Tensor = self.norm(self.conv(torch.cat((x, silence), 1)))
        return y[:, self.left : self.left + x.shape[1] * self.stride]
