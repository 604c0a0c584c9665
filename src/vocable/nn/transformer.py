"""The layer of a transformer: attention, then a map of each row, each beside a skip.

"On Layer Normalization in the Transformer Architecture" (Xiong et al. 2020, arXiv:2002.04745) for
the norm in front; "Going deeper with Image Transformers" (Touvron et al. 2021, arXiv:2103.17239)
for the scales, which start small so that a deep stack starts as the identity.
"""

from __future__ import annotations

from vocable.nn.activation import GELU
from vocable.nn.attention import Attention
from vocable.nn.block import Residual, Stack
from vocable.nn.convnext import Scale
from vocable.nn.linear import Linear
from vocable.nn.norm import LayerNorm


class TransformerLayer(Stack):
    """Norm, attention over `context` rows, scale; norm, MLP with GELU, scale. No biases in maps."""

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        context: int,
        hidden: int,
        base: float = 10_000.0,
        scale: float = 0.01,
    ) -> None:
        super().__init__(
            Residual(
                Stack(
                    LayerNorm(channels),
                    Attention(channels, heads, context=context, base=base),
                    Scale(channels, scale),
                )
            ),
            Residual(
                Stack(
                    LayerNorm(channels),
                    Linear(channels, hidden, bias=False),
                    GELU(),
                    Linear(hidden, channels, bias=False),
                    Scale(channels, scale),
                )
            ),
        )
