"""The layer of a transformer: attention, then a map of each row, each beside a skip.

"On Layer Normalization in the Transformer Architecture" (Xiong et al. 2020, arXiv:2002.04745) for
the norm in front; "Going deeper with Image Transformers" (Touvron et al. 2021, arXiv:2103.17239)
for the scales, which start small so that a deep stack starts as the identity; "GLU Variants Improve
Transformer" (Shazeer 2020, arXiv:2002.05202) for the gated map.

In steps both blocks call their members by name, past hooks: a trunk of these is most of a stream's
small operations.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.nn.activation import GELU
from vocable.nn.attention import Attention
from vocable.nn.block import Block, Stack, State
from vocable.nn.convnext import Scale
from vocable.nn.linear import Linear
from vocable.nn.norm import LayerNorm, RMSNorm


class AttentionBlock(Block):
    """Norm, attention over `context` rows, a scale, and the skip; `width`: channels of a head."""

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        context: int,
        base: float = 10_000.0,
        scale: float = 0.01,
        width: int | None = None,
        norm: type[LayerNorm] | type[RMSNorm] = LayerNorm,
    ) -> None:
        super().__init__()
        attention = Attention(channels, heads, context=context, base=base, width=width)
        self.branch = Stack(norm(channels), attention, Scale(channels, scale))
        self.receptive = context

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Add what the rows attend to."""
        norm, attention, scale = self._named()
        return torch.addcmul(x, attention(norm(x)), scale.weight)

    def initial_state(self, batch: int) -> State:
        """Return the attention's state."""
        return self._named()[1].initial_state(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Add what the new rows attend to."""
        norm, attention, scale = self._named()
        y, state = attention.step(norm.forward(x), state)
        return torch.addcmul(x, y, scale.weight), state

    def _named(self) -> tuple[LayerNorm | RMSNorm, Attention, Scale]:
        return cast("tuple[LayerNorm, Attention, Scale]", self.branch._members())


class MLPBlock(Block):
    """Norm, an MLP without biases, a scale, and the skip; `function`: of the MLP, default GELU."""

    def __init__(
        self, channels: int, hidden: int, *, scale: float = 0.01, function: Block | None = None
    ) -> None:
        super().__init__()
        self.branch = Stack(
            LayerNorm(channels),
            Linear(channels, hidden, bias=False),
            function or GELU(),
            Linear(hidden, channels, bias=False),
            Scale(channels, scale),
        )

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Add the map of each row."""
        *members, scale = self.branch._members()
        y = x
        for member in members:
            y = member(y)
        return torch.addcmul(x, y, cast("Scale", scale).weight)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Add the map of each row; there is no state."""
        norm, widen, function, narrow, scale = self.branch._members()
        y = narrow.forward(function.forward(widen.forward(norm.forward(x))))
        return torch.addcmul(x, y, cast("Scale", scale).weight), state


class SwiGLU(Block):
    """The second half of the channels, each times SiLU of the first half's: `hidden` of them."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.channels_out = hidden

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Gate each row."""
        gate, y = x.chunk(2, -1)
        return F.silu(gate) * y

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Gate each row; there is no state."""
        return self.forward(x), state


class GatedMLPBlock(MLPBlock):
    """RMSNorm, an MLP of gated channels, without biases, a scale, and the skip."""

    def __init__(self, channels: int, hidden: int, *, scale: float = 0.01) -> None:
        Block.__init__(self)
        self.branch = Stack(
            RMSNorm(channels),
            Linear(channels, 2 * hidden, bias=False),
            SwiGLU(hidden),
            Linear(hidden, channels, bias=False),
            Scale(channels, scale),
        )


class TransformerLayer(Stack):
    """Attention over `context` rows, then an MLP, each behind a norm and beside a skip.

    function: of the MLP, default GELU.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        context: int,
        hidden: int,
        base: float = 10_000.0,
        scale: float = 0.01,
        function: Block | None = None,
    ) -> None:
        super().__init__(
            AttentionBlock(channels, heads, context=context, base=base, scale=scale),
            MLPBlock(channels, hidden, scale=scale, function=function),
        )


class GatedTransformerLayer(Stack):
    """The same with RMSNorm and a gated MLP, as in "LLaMA" (Touvron et al. 2023, arXiv:2302.13971).

    width: channels of a head; default: the heads share `channels` out.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        context: int,
        hidden: int,
        base: float = 10_000.0,
        scale: float = 0.01,
        width: int | None = None,
    ) -> None:
        attention = AttentionBlock(
            channels, heads, context=context, base=base, scale=scale, width=width, norm=RMSNorm
        )
        super().__init__(attention, GatedMLPBlock(channels, hidden, scale=scale))
