"""The ConvNeXt block on one dimension (Liu et al. 2022, arXiv:2201.03545; Vocos, arXiv:2306.00814).

Causal, so that it runs in steps with no look-ahead; and symmetric, as published.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.activation import GELU
from vocable.nn.block import Block, Residual, Stack, State
from vocable.nn.conv import DepthwiseConv1d
from vocable.nn.linear import Linear
from vocable.nn.norm import LayerNorm


class Scale(Block):
    """A learned factor per channel."""

    def __init__(self, channels: int, init: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), init))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Scale each channel."""
        return x * self.weight

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Scale each channel; there is no state."""
        return self.forward(x), state


class ConvNeXtBlock(Block):
    """Depthwise causal convolution, LayerNorm, an MLP over channels, a scale, and the skip.

    Its members are called by name: a trunk of these is most of a stream's small operations.
    """

    def __init__(
        self,
        channels: int,
        *,
        kernel: int = 7,
        expansion: int = 3,
        scale: float = 0.3,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.branch = Stack(
            DepthwiseConv1d(channels, kernel),
            LayerNorm(channels, eps=eps),
            Linear(channels, expansion * channels),
            GELU(),
            Linear(expansion * channels, channels),
            Scale(channels, scale),
        )
        self.receptive = self.branch.receptive

    def initial_state(self, batch: int) -> State:
        """Return the rows before the first, `[batch, kernel - 1, channels]`."""
        return self.branch._members()[0].initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Add the branch to the rows."""
        conv, norm, widen, gelu, narrow, scale = self.branch._members()
        assert isinstance(scale, Scale)
        y, state = conv.step(x, state)
        y = narrow.forward(gelu.forward(widen.forward(norm.forward(y))))
        return torch.addcmul(x, y, scale.weight), state


class SymmetricConvNeXtBlock(Residual):
    """The block as Vocos has it: its convolution sees as far ahead as back, `kernel // 2` rows.

    hidden: channels of the MLP. norm: what stands before it, in place of a LayerNorm of eps 1e-6.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        *,
        kernel: int = 7,
        scale: float,
        norm: Block | None = None,
    ) -> None:
        branch = Stack(
            DepthwiseConv1d(channels, kernel, pad=(kernel // 2, kernel // 2)),
            norm or LayerNorm(channels, eps=1e-6),
            Linear(channels, hidden),
            GELU(),
            Linear(hidden, channels),
            Scale(channels, scale),
        )
        super().__init__(branch)
