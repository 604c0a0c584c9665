"""The convolutions of wav2vec 2.0, HuBERT and WavLM: samples to frames of 25 ms, every 20 ms.

    (512, 10, 5)  (512, 3, 2) × 4  (512, 2, 2) × 2       channels, kernel, stride; no padding
    GELU after each, and before it
        group   a norm over time of each channel, behind the first convolution only (base)
        layer   a norm over the channels of each row, behind each convolution (large)

Frame t is made of samples 320 t to 320 t + 399 and, in group mode, of the statistics of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn import Conv1d, LayerNorm
from vocable.nn.activation import GELU
from vocable.nn.conv import convolve
from vocable.units.whole import Windows

Norm = Literal["group", "layer"]
EPS = 1e-5
TILE = 64  # frames that are computed together: the rows of the first layers stay in the cache


class Extractor(nn.Module):
    """Turn samples into rows, part by part.

    Group mode needs no pass over the channels of the first convolution: their statistics follow
    from those of the samples (whole.py), and go into its weights.
    """

    def __init__(
        self, channels: int, kernels: Sequence[int], strides: Sequence[int], norm: Norm, bias: bool
    ) -> None:
        super().__init__()
        if len(kernels) != len(strides) or not kernels:
            raise ModelError(f"{len(kernels)} kernels and {len(strides)} strides make no extractor")
        self.kernels, self.strides, self.norm, self.channels = kernels, strides, norm, channels
        widths = [1] + [channels] * len(kernels)
        self.convs = nn.ModuleList(
            Conv1d(widths[i], channels, kernel, stride=stride, pad=(0, 0), bias=bias)
            for i, (kernel, stride) in enumerate(zip(kernels, strides, strict=True))
        )
        self.norms = nn.ModuleList(
            LayerNorm(channels, eps=EPS) for _ in (kernels if norm == "layer" else kernels[:1])
        )
        self.gelu = GELU()
        self.hop = math.prod(strides)
        self.window = self.samples(1)

    def frames(self, samples: int) -> int:
        """Return how many frames so many samples give: of each layer, the windows that fit."""
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            samples = max(0, (samples - kernel) // stride + 1)
        return samples

    def samples(self, frames: int) -> int:
        """Return the samples that so many frames are made of, at least one frame."""
        for kernel, stride in zip(reversed(self.kernels), reversed(self.strides), strict=True):
            frames = (frames - 1) * stride + kernel
        return frames

    def forward(
        self, x: Float[Tensor, " time"], windows: Windows
    ) -> Float[Tensor, "1 frames channels"]:
        """Return the frames of a part of a recording; `windows` are those of all of it."""
        frames = self.frames(len(x))
        first = self._first(windows) if self.norm == "group" else None
        found = [
            self._tile(x[start * self.hop :][: self.samples(min(TILE, frames - start))], first)
            for start in range(0, frames, TILE)
        ]
        return torch.cat(found, 1)

    def _tile(
        self, x: Tensor, first: tuple[Tensor, Tensor] | None
    ) -> Float[Tensor, "1 frames channels"]:
        rows = x[None, :, None]
        for i, conv in enumerate(self.convs):
            if i == 0 and first is not None:
                rows = convolve(rows, *first, stride=self.strides[0])
            else:
                rows = conv(rows)
            if self.norm == "layer":
                rows = self.norms[i](rows)
            rows = self.gelu(rows)
        return rows

    def _first(self, windows: Windows) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the first convolution with its norm over time in them.

        A bias of the convolution drops out, as any constant does in a norm over time.
        """
        weight, norm = self.convs[0].get_parameter("weight"), self.norms[0]
        taps = weight[:, 0].double()
        variance = ((taps @ windows.covariance) * taps).sum(1)
        gain = norm.get_parameter("weight").double() * (variance.clamp(min=0) + EPS).rsqrt()
        bias = norm.get_parameter("bias").double() - gain * (taps @ windows.mean)
        return (gain[:, None] * taps).to(weight.dtype)[:, None], bias.to(weight.dtype)
