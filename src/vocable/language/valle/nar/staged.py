"""A transformer that sees both sides and whose norms know which level is asked for.

Adaptive layer norm of VALL-E, section 4.2.2: each norm is scaled and shifted by a projection of the
stage's embedding. Here scales begin at 1 and shifts at 0, for every stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.attention import SelfAttention
from vocable.language.config import TransformerConfig
from vocable.language.mlp import MLP
from vocable.language.norm import make_norm
from vocable.language.positions import Positions
from vocable.language.sight import Sight, whole_sight


class StagedNorm(nn.Module):
    """A norm, scaled and shifted as the stage has it."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = make_norm(config)
        self.into = nn.Linear(config.width, 2 * config.width)
        nn.init.zeros_(self.into.weight)
        nn.init.zeros_(self.into.bias)

    def forward(
        self, x: Float[Tensor, "batch time width"], stage: Float[Tensor, " width"]
    ) -> Float[Tensor, "batch time width"]:
        """Normalise each row; stage: the embedding of the stage."""
        scale, shift = self.into(stage).chunk(2)
        found: Tensor = self.norm.forward(x) * (1 + scale) + shift
        return found


class StagedLayer(nn.Module):
    """Attention and MLP, each behind its norm, beside a skip."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = StagedNorm(config), StagedNorm(config)
        self.attention, self.mlp = SelfAttention(config), MLP(config)
        self.dropout = config.dropout

    def forward(
        self, x: Float[Tensor, "batch time width"], stage: Float[Tensor, " width"], sight: Sight
    ) -> Float[Tensor, "batch time width"]:
        """Run rows."""
        x = x + self._some(self.attention.forward(self.attention_norm(x, stage), sight))
        return x + self._some(self.mlp.forward(self.mlp_norm(x, stage), sight.first))

    def _some(self, y: Tensor) -> Tensor:
        """Return it without some channels, in training."""
        return F.dropout(y, self.dropout, self.training)


class StagedTransformer(nn.Module):
    """Layers over rows that all see one another, run once for each stage."""

    def __init__(self, config: TransformerConfig, stages: int) -> None:
        super().__init__()
        self.config, self.positions = config, Positions()
        self.stages = nn.Embedding(stages, config.width)
        self.layers = nn.ModuleList(StagedLayer(config) for _ in range(config.layers))
        self.norm = StagedNorm(config)

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        stage: int,
        lengths: Sequence[int] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Run rows, of each item the first `lengths`; behind them may be any finite numbers."""
        if x.shape[1] > self.config.context:
            raise ModelError(
                f"{x.shape[1]} positions are more than the context of {self.config.context}"
            )
        sight = whole_sight(self.positions, self.config, x, lengths)
        embedded = self.stages.weight[stage]
        for layer in cast(list[StagedLayer], list(self.layers)):
            x = layer(x, embedded, sight)
        found: Tensor = self.norm(x, embedded)
        return found
