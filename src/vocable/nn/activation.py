"""Activations, each value by itself."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from vocable.nn.block import Block, State
from vocable.nn.settings import fast_forms, trains

_COMMON = (torch.float32, torch.bfloat16, torch.float16)
MANY = 1 << 14  # values from which on several fast passes cost less than one slow one


class Pointwise(Block):
    """A function of each value by itself: a step is the whole.

    A class sets `pointwise` if its `write` does what its `forward` does.
    """

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Map each value; there is no state."""
        return self.forward(x), state

    def write(self, x: Tensor, out: Tensor) -> None:
        """Write what `forward` returns into `out`, outside of autograd."""
        out.copy_(self.forward(x))

    def keeps_dtype(self, x: Tensor) -> bool:
        """Say whether `forward` returns the dtype of `x`."""
        return True


class ELU(Pointwise):
    """`x` where positive, else `exp(x) - 1` (Clevert et al. 2015, arXiv:1511.07289)."""

    pointwise = True

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        if not fast_forms():
            return F.elu(x)
        y = torch.empty_like(x)
        self.write(x, y)
        return y

    def write(self, x: Tensor, out: Tensor) -> None:
        """Write each value's image into `out`: for many values as `1 / sigmoid(-x) - 2`.

        That takes 0.6 of the time, since torch has a faster exponential in its sigmoid; the error
        is below 3e-7.
        """
        if x.numel() < MANY or x.device.type != "cpu" or x.dtype not in _COMMON:
            torch.ops.aten.elu.out(x, out=out)
            return
        wide = x.float()  # x itself, if it is fp32
        y = out if wide is x else torch.empty_like(wide)
        torch.neg(wide, out=y).clamp_(min=0).sigmoid_().reciprocal_().sub_(2)
        torch.maximum(wide, y, out=y)
        if y is not out:
            out.copy_(y)


class LeakyReLU(Pointwise):
    """`x` where positive, else `slope · x`; a slope of 0 is the plain rectifier."""

    pointwise = True

    def __init__(self, slope: float = 0.0) -> None:
        super().__init__()
        self.slope = slope

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return F.leaky_relu(x, self.slope)

    def write(self, x: Tensor, out: Tensor) -> None:
        """Write each value's image into `out`."""
        if x.dtype != out.dtype:
            out.copy_(self.forward(x))
            return
        torch.ops.aten.leaky_relu.out(x, self.slope, out=out)


class GELU(Pointwise):
    """`x` times the normal distribution's share below `x` (arXiv:1606.08415), exact form."""

    pointwise = True

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return F.gelu(x)


class TanhGELU(Pointwise):
    """GELU by its approximation with a hyperbolic tangent, off by 5e-4 at most."""

    pointwise = True

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return F.gelu(x, approximate="tanh")


class SiLU(Pointwise):
    """`x` times its sigmoid (Elfwing et al. 2017, arXiv:1702.03118), also called swish."""

    pointwise = True

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return F.silu(x)


class Tanh(Pointwise):
    """The hyperbolic tangent, which holds sound within ±1."""

    pointwise = True

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return torch.tanh(x)


class DynamicTanh(Pointwise):
    """The hyperbolic tangent of values times a learned number, in place of a norm.

    "Transformers without Normalization" (Zhu et al. 2025, arXiv:2503.10622), without the scale and
    shift of channels, as FocalCodec-Stream has it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((1,), 0.5))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return torch.tanh(x * self.weight)


class Clamp(Pointwise):
    """Values beyond ±1 become ±1."""

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        return x.clamp(-1.0, 1.0)


class PReLU(Pointwise):
    """`x` where positive, else a learned share of it, one for all (arXiv:1502.01852)."""

    pointwise = True

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((1,), 0.25))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        weight = self.weight.to(x.dtype)
        if trains(x, weight):
            y: Tensor = _PReLU.apply(x, weight)  # type: ignore[no-untyped-call]
            return y
        return F.prelu(x, weight)


class _PReLU(torch.autograd.Function):
    """The same with a gradient that is faster than torch's, on the CPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, share: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        ctx.share = float(share)
        return F.leaky_relu(x, ctx.share)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor]:
        (x,) = ctx.saved_tensors
        to_x = torch.ops.aten.leaky_relu_backward(slope, x, ctx.share, False)
        return to_x, torch.dot(slope.flatten(), x.clamp(max=0).flatten())[None]


class Snake(Pointwise):
    """`x + sin(a x)^2 / a` with a learned `a` per channel (Ziyin et al. 2020, arXiv:2006.08195).

    Computed in fp32 at least: half precision knows neither the phase of a large `a x` nor 1e-9.
    """

    pointwise = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        kind = torch.result_type(x, self.alpha)
        wide = torch.promote_types(kind, torch.float32)
        alpha, inverse = self._factors(wide)
        x = x.to(wide)
        phase = alpha * x
        if not fast_forms():
            return torch.addcmul(x, phase.sin().square(), inverse).to(kind)
        # in place: fresh memory costs as much again as the arithmetic, for many rows
        return torch.addcmul(x, phase.sin_().square_(), inverse, out=phase).to(kind)

    def write(self, x: Tensor, out: Tensor) -> None:
        """Write each value's image into `out`, without memory beside it where all is fp32."""
        if not x.dtype == out.dtype == self.alpha.dtype == torch.float32:
            out.copy_(self.forward(x))
            return
        alpha, inverse = self._factors(x.dtype)
        torch.mul(x, alpha, out=out).sin_().square_()
        torch.addcmul(x, out, inverse, out=out)

    def keeps_dtype(self, x: Tensor) -> bool:
        """Say whether `x` is as precise as the weights."""
        return x.dtype == self.alpha.dtype

    def _factors(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return what the phase is multiplied by, and what the squared sine is."""
        alpha = self.alpha.to(dtype)
        return alpha, 1 / (alpha + 1e-9)  # as in the published codecs: alpha may learn to be 0


class SnakeBeta(Snake):
    """`x + sin(x exp(alpha))^2 / exp(beta)`, both learned per channel.

    "BigVGAN: A Universal Neural Vocoder with Large-Scale Training" (Lee et al. 2022,
    arXiv:2206.04658).
    """

    pointwise = True

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def _factors(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        alpha, beta = self.alpha.to(dtype), self.beta.to(dtype)
        return alpha.exp(), 1 / (beta.exp() + 1e-9)


class HalfSnake(Pointwise):
    """`Snake` on the first half of the channels, a leaky rectifier on the others (NVIDIA NeMo).

    An odd number of channels has its middle one among the others.
    """

    pointwise = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.snake, self.rectifier = Snake(channels // 2), LeakyReLU(0.01)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Map each value."""
        first, others = self._halves(x)
        return torch.cat((self.snake(first), self.rectifier(others)), -1)

    def write(self, x: Tensor, out: Tensor) -> None:
        """Write each value's image into `out`, each half into its place."""
        for half, part, into in zip(
            (self.snake, self.rectifier), self._halves(x), self._halves(out), strict=True
        ):
            half.write(part, into)

    def keeps_dtype(self, x: Tensor) -> bool:
        """Say whether `x` is as precise as the weights."""
        return self.snake.keeps_dtype(x)

    def _halves(self, x: Tensor) -> tuple[Tensor, ...]:
        return x.tensor_split((self.snake.alpha.shape[0],), -1)
