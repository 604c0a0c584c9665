"""What HiFi-GAN's generator, and codecs after it, are made of: convolutions and residual units.

"HiFi-GAN: Generative Adversarial Networks for Efficient and High Fidelity Speech Synthesis" (Kong
et al. 2020, arXiv:2010.05646).
"""

from __future__ import annotations

from collections.abc import Sequence

from vocable.nn import Conv1d, ConvTranspose1d, LeakyReLU, Residual, Stack


def symmetric(
    channels_in: int, channels_out: int, kernel: int, dilation: int = 1, *, bias: bool = True
) -> Conv1d:
    """Return a convolution of an odd kernel that keeps the rate and sees as far either way."""
    pad = (kernel - 1) * dilation // 2
    return Conv1d(channels_in, channels_out, kernel, dilation=dilation, pad=(pad, pad), bias=bias)


def upsampling(wide: int, narrow: int, rate: int, kernel: int) -> ConvTranspose1d:
    """Return a transposed convolution to `rate` rows a row, its kernel filled up with zeros."""
    left, whole = (kernel - rate) // 2, -(-kernel // rate) * rate  # the next multiple
    return ConvTranspose1d(wide, narrow, whole, stride=rate, trim=(left, whole - rate - left))


def residual_units(channels: int, kernel: int, dilations: Sequence[int], slope: float) -> Stack:
    """Return units of two convolutions each, the first of them dilated."""
    return Stack(
        *(
            Residual(
                Stack(
                    LeakyReLU(slope),
                    symmetric(channels, channels, kernel, dilation),
                    LeakyReLU(slope),
                    symmetric(channels, channels, kernel),
                )
            )
            for dilation in dilations
        )
    )
