"""Depthwise convolutions with dilation, whose gradients torch takes slowly on a CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Convolve = Callable[[Tensor, Tensor], Tensor]
"""`convolve(rows, weight)` of rows as they are, without bias."""


def dilated(
    rows: Tensor, weight: Tensor, bias: Tensor | None, dilation: int, convolve: Convolve
) -> Tensor:
    """Return `convolve(rows, weight)` plus the bias, with gradients by the same convolution.

    rows: `[batch, time, channels]`; weight: `[channels, 1, kernel]`.
    """
    y: Tensor = _Dilated.apply(rows, weight, dilation, convolve)  # type: ignore[no-untyped-call]
    return y if bias is None else y + bias


class _Dilated(torch.autograd.Function):
    """What a row takes from each, each has of it: the kernel runs back over the gradient."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, weight: Tensor, dilation: int, convolve: Convolve
    ) -> Tensor:
        ctx.save_for_backward(rows, weight)
        ctx.dilation, ctx.convolve = dilation, convolve
        return convolve(rows, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        rows, weight = ctx.saved_tensors
        to_rows = to_weight = None
        if ctx.needs_input_grad[0]:
            reach = (weight.shape[2] - 1) * ctx.dilation
            to_rows = ctx.convolve(F.pad(slope, (0, 0, reach, reach)), weight.flip(2))
        if ctx.needs_input_grad[1]:
            taps = range(0, weight.shape[2] * ctx.dilation, ctx.dilation)
            seen = (rows[:, tap : tap + slope.shape[1]] for tap in taps)
            to_weight = torch.stack([(part * slope).sum((0, 1)) for part in seen], 1)[:, None]
        return to_rows, to_weight, None, None
