"""The blocks that DAC, SNAC and BigCodec are made of, symmetric in time.

"High-Fidelity Audio Compression with Improved RVQGAN" (Kumar et al. 2023, arXiv:2306.06546). The
members of each stack are counted as in the published networks, so that keys translate one to one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

from vocable.nn import (
    AntiAliased,
    Block,
    Conv1d,
    ConvTranspose1d,
    DepthwiseConv1d,
    Linear,
    Residual,
    Snake,
    SnakeBeta,
    Stack,
)

Activation: TypeAlias = Callable[[int], Block]  # of so many channels

DILATIONS = (1, 3, 9)  # of the three residual units of a block
KERNEL = 7  # rows that a residual unit's first convolution sees


def anti_aliased(channels: int) -> AntiAliased:
    """Return BigVGAN's activation, which BigCodec and those after it have in place of Snake."""
    return AntiAliased(channels, SnakeBeta(channels))


def residual_unit(
    channels: int, dilation: int, *, depthwise: bool = False, activation: Activation = Snake
) -> Residual:
    """Return a unit: Snake, dilated convolution (of each channel by itself), Snake, pointwise."""
    pad = KERNEL // 2 * dilation
    wide = (
        DepthwiseConv1d(channels, KERNEL, dilation=dilation, pad=(pad, pad))
        if depthwise
        else Conv1d(channels, channels, KERNEL, dilation=dilation, pad=(pad, pad))
    )
    before, between = activation(channels), activation(channels)
    return Residual(Stack(before, wide, between, Linear(channels, channels)))


def residual_units(
    channels: int, *, depthwise: bool = False, activation: Activation = Snake
) -> list[Block]:
    """Return one unit for each dilation."""
    return [
        residual_unit(channels, dilation, depthwise=depthwise, activation=activation)
        for dilation in DILATIONS
    ]


def encoder_block(
    narrow: int,
    wide: int,
    stride: int,
    *,
    depthwise: bool = False,
    activation: Activation = Snake,
) -> Stack:
    """Return three units at `narrow` channels, then a step down by `stride` to `wide` ones."""
    pad = math.ceil(stride / 2)
    down = Conv1d(narrow, wide, 2 * stride, stride=stride, pad=(pad, pad))
    units = residual_units(narrow, depthwise=depthwise, activation=activation)
    return Stack(*units, activation(narrow), down)


def decoder_block(
    wide: int,
    narrow: int,
    stride: int,
    *,
    output_padding: int = 0,
    inserted: Sequence[Block] = (),
    depthwise: bool = False,
    activation: Activation = Snake,
) -> Stack:
    """Return a step up by `stride` to `narrow` channels, then three units.

    output_padding: rows fewer that are cut at the end, as in torch. With 0 a block of odd stride
    ends one row short. inserted: blocks between the step up and the units.
    """
    pad = math.ceil(stride / 2)
    trim = (pad, pad - output_padding)
    short = sum(trim) - stride
    up = ConvTranspose1d(wide, narrow, 2 * stride, stride=stride, trim=trim, short=short)
    units = residual_units(narrow, depthwise=depthwise, activation=activation)
    return Stack(activation(wide), up, *inserted, *units)


def anti_aliased_encoder(channels: int, strides: Sequence[int], latent: int) -> Stack:
    """Return `[B, T, 1] -> [B, T / frame, latent]`, without the LSTM that BigCodec has besides.

    channels: of the first convolution, which each stride doubles.
    """
    widths = [channels * 2**i for i in range(len(strides) + 1)]
    blocks: list[Block] = [Conv1d(1, widths[0], 7, pad=(3, 3))]
    for (narrow, wide), stride in zip(pairwise(widths), strides, strict=True):
        blocks.append(encoder_block(narrow, wide, stride, activation=anti_aliased))
    return Stack(*blocks, anti_aliased(widths[-1]), Conv1d(widths[-1], latent, 3, pad=(1, 1)))
