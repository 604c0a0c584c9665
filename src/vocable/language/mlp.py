"""The map of each row by itself, between two attentions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.language.config import TransformerConfig
from vocable.language.maps import make_map

Activation: TypeAlias = Callable[[Tensor], Tensor]
ACTIVATIONS: dict[str, Activation] = {"silu": F.silu, "gelu": F.gelu, "relu": F.relu}


class MLP(nn.Module):
    """Up, activation, down; if gated, `into` holds the gate first, then what it multiplies.

    "GLU Variants Improve Transformer" (Shazeer 2020, arXiv:2002.05202) for the gate.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.gated, self.activation = config.gated, ACTIVATIONS[config.activation]
        up = 2 * config.hidden if config.gated else config.hidden
        self.into = make_map(config.width, up, config.sets, bias=config.hidden_bias)
        self.out = make_map(config.hidden, config.width, config.sets, bias=config.hidden_bias)

    def forward(
        self, x: Float[Tensor, "batch time width"], first: int
    ) -> Float[Tensor, "batch time width"]:
        """Map rows that stand at `first` and after."""
        rows = self.into.forward(x, first)
        if not self.gated:
            return self.out.forward(self.activation(rows), first)
        gate, value = rows.chunk(2, -1)
        return self.out.forward(self.activation(gate) * value, first)
