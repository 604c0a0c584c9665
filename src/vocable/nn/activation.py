"""Activations, each value by itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.block import Block, State


class _Pointwise(Block):
    """A function of each row by itself: a step is the whole."""

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Map each value; there is no state."""
        return self.forward(x), state


class ELU(_Pointwise):
    """`x` where positive, else `exp(x) - 1` (Clevert et al. 2015, arXiv:1511.07289)."""

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return F.elu(x)


class GELU(_Pointwise):
    """`x` times the normal distribution's share below `x` (arXiv:1606.08415), exact form."""

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return F.gelu(x)


class Tanh(_Pointwise):
    """The hyperbolic tangent, which holds sound within ±1."""

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return torch.tanh(x)


class Snake(_Pointwise):
    """`x + sin(a x)^2 / a` with a learned `a` per channel (Ziyin et al. 2020, arXiv:2006.08195).

    Computed in fp32 at least: half precision knows neither the phase of a large `a x` nor 1e-9.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        kind = torch.result_type(x, self.alpha)
        wide = torch.promote_types(kind, torch.float32)
        x, alpha = x.to(wide), self.alpha.to(wide)
        inverse = 1 / (alpha + 1e-9)  # as in the published codecs: alpha may learn to be 0
        phase = alpha * x
        if torch.is_grad_enabled():
            return torch.addcmul(x, phase.sin().square(), inverse).to(kind)
        # in place: fresh memory costs as much again as the arithmetic, for many rows
        return torch.addcmul(x, phase.sin_().square_(), inverse, out=phase).to(kind)
