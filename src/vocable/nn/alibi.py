"""Attention that knows positions by how far they lie back, as Voxtral's codec has it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.attention import Attention, looks_back
from vocable.nn.norm import RMSNorm


class AlibiAttention(Attention):
    """Rows attend less to what lies further back: a slope a head, times rows, off the scores.

    "Train Short, Test Long: Attention with Linear Biases Enables Input Length Extrapolation" (Press
    et al. 2022, arXiv:2108.12409), but head h of n, from 0, has the slope 2^(-8h/n). Queries and
    keys are normalised over all heads first. ModelError unless there are 1, 2, 4, 8, … heads.
    """

    slopes: Tensor

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        context: int,
        width: int | None = None,
        eps: float = 1e-6,
    ) -> None:
        if heads & (heads - 1):
            raise ModelError(f"slopes are known of 1, 2, 4, 8, … heads but there are {heads}")
        super().__init__(channels, heads, context=context, width=width)
        self.query_norm = RMSNorm(self.inner, eps=eps)
        self.key_norm = RMSNorm(self.inner, eps=eps)

    def _keep_places(self) -> None:
        slopes = 2.0 ** (-8 * np.arange(self.heads)[:, None, None] / self.heads)
        distance, sees = looks_back(self.context)
        owed = np.where(sees, -slopes * distance, -np.inf)
        self.register_buffer("slopes", torch.tensor(slopes).float(), persistent=False)
        self.register_buffer("band", torch.tensor(owed).float(), persistent=False)

    def _project(
        self, x: Tensor, age: Tensor, ages: list[int] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = self.into.forward(x).chunk(3, -1)
        return self.query_norm.forward(query), self.key_norm.forward(key), value

    def _without(self, mask: Tensor, came: Tensor) -> Tensor:
        return mask.masked_fill(~came, -torch.inf)

    def _at(self, scores: Tensor, distance: Tensor) -> Tensor:
        return scores - self.slopes * distance
