"""Embeddings of the steps of VALL-E, to which both models add those of codes."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.config import Sinusoidal
from vocable.language.positions import SinusoidalPositions
from vocable.language.token_model import sum_of_embeddings
from vocable.language.valle.steps import AT
from vocable.text.phones import PLACES, STRESSES


class Rows(nn.Module):
    """Tables of symbols, stress and place in the word, and waves for positions.

    Tables are as wide as heads that share them want it, so what they give is scaled by the root of
    the width, as in "Attention Is All You Need" (Vaswani et al. 2017): waves are that large.
    """

    def __init__(self, symbols: int, width: int) -> None:
        super().__init__()
        self.tables = nn.ModuleList(
            embedding(size, width) for size in (symbols + 1, STRESSES, PLACES)
        )
        self.waves = SinusoidalPositions(Sinusoidal(), width)
        self.scale = width**0.5

    def forward(
        self,
        ids: Int[Tensor, "batch time rows"],
        codes: Float[Tensor, "batch time width"],
    ) -> Float[Tensor, "batch time width"]:
        """Return steps as a transformer reads them; codes: the sum of their embeddings."""
        x = (sum_of_embeddings(self.tables, ids[..., :AT]) + codes) * self.scale
        return self.waves.add(x, ids[..., AT].clamp(min=0))


def embedding(size: int, width: int) -> nn.Embedding:
    """Return a table whose entries have length 1 or so."""
    made = nn.Embedding(size, width)
    nn.init.normal_(made.weight, std=width**-0.5)
    return made


def of_text(ids: Int[Tensor, "batch time rows"]) -> Tensor:
    """Return which steps are of the text, `[batch, time]`."""
    return ids[..., 0] >= 0


def looked_up(table: nn.Embedding, ids: Int[Tensor, "*rows"]) -> Float[Tensor, "*rows width"]:
    """Return the entries of ids; of -1, nothing."""
    found: Tensor = table(ids.clamp(min=0))
    return torch.where((ids >= 0)[..., None], found, 0)
