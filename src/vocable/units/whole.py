"""What an encoder must know of a whole recording before it can take any part of it.

Input normalisation and the group norm behind the first convolution take statistics over all of
time. Both follow from sums over short windows of samples: a convolution of one channel without
padding is `w · window`, so its mean over time is `w · mean(window)` and its variance
`w · covariance(window) · w`. So one cheap pass over the samples, block by block and in double
precision, says it all, no channel of the convolution is ever held whole, and what follows may be
computed in parts of any length, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from vocable.units.windows import Cut

BLOCK = 1 << 18  # samples that are looked at together


class Windows(NamedTuple):
    """Mean and covariance of the samples within a window, over all windows of a recording."""

    mean: Float64[Tensor, " kernel"]
    covariance: Float64[Tensor, "kernel kernel"]


@dataclass(frozen=True)
class Whole:
    """Sums over the samples, and over all windows of the first convolution.

    samples, total, squares: count, sum and sum of squares. windows: how many there are;
    first: the sum of the windows, second: of their products with themselves.
    """

    samples: int
    total: float
    squares: float
    windows: int
    first: Float64[Tensor, " kernel"]
    second: Float64[Tensor, "kernel kernel"]

    @property
    def mean(self) -> float:
        """The mean of the samples."""
        return self.total / max(self.samples, 1)

    def gain(self, eps: float) -> float:
        """Return what samples are multiplied by to have variance 1."""
        variance = self.squares / max(self.samples, 1) - self.mean**2
        return float((max(variance, 0.0) + eps) ** -0.5)

    def windows_of(self, mean: float, gain: float) -> Windows:
        """Return mean and covariance of the windows of `(samples - mean) * gain`."""
        count = max(self.windows, 1)
        middle = self.first / count
        covariance = self.second / count - torch.outer(middle, middle)
        return Windows((middle - mean) * gain, covariance * gain**2)


def look_at(blocks: Iterable[Float[Tensor, " _"]], kernel: int, stride: int) -> Whole:
    """Return the sums over a recording and over its windows of `kernel` samples, every `stride`."""
    samples, total, squares, windows = 0, 0.0, 0.0, 0
    first = torch.zeros(kernel, dtype=torch.float64, device="cpu")
    second = torch.zeros(kernel, kernel, dtype=torch.float64, device="cpu")
    fresh = max(1, BLOCK // stride) * stride
    for part, _ in Cut(fresh, after=max(0, kernel - stride)).parts(blocks):
        wide = part.detach().double()
        own = wide[:fresh]
        samples, total = samples + len(own), total + float(own.sum())
        squares += float(own.dot(own))
        if len(wide) >= kernel:
            rows = wide.unfold(0, kernel, stride)[: fresh // stride]
            windows += len(rows)
            first = first.to(rows.device) + rows.sum(0)
            second = second.to(rows.device) + rows.T @ rows
    return Whole(samples, total, squares, windows, first, second)
