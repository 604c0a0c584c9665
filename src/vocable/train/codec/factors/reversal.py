"""Turn a gradient round: what lies before learns to say less of what is asked behind.

"Domain-Adversarial Training of Neural Networks" (Ganin et al. 2016, arXiv:1505.07818).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def reversed_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """Return `x` as it is, whose gradient comes back times `-strength`."""
    found: Tensor = _Reversed.apply(x, strength)  # type: ignore[no-untyped-call]
    return found


class _Reversed(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * slope, None
