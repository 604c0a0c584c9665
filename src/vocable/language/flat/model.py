"""A flat model: a plain language model whose vocabulary also holds codes of sound.

What it is trained and asked with are ids; what they mean, its template says.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.depth import Draw
from vocable.language.flat.config import FlatConfig
from vocable.language.maps import Map
from vocable.language.token_model import sum_of_embeddings
from vocable.language.transformer import Transformer
from vocable.nn.settings import without_memory


class Flat(nn.Module):
    """The network: a table, a transformer, and a head, which may be the table."""

    drawn = 1

    def __init__(self, config: FlatConfig) -> None:
        super().__init__()
        self.config, self.sizes = config, (config.rows,)
        self.table = nn.Embedding(config.rows, config.trunk.width)
        self.trunk = Transformer(config.trunk)
        self.head = None if config.tied else Map(config.trunk.width, config.rows)

    def embed(self, ids: Int[Tensor, "streams time 1"]) -> Float[Tensor, "streams time width"]:
        """Return the embeddings of ids; -1 is nothing."""
        return sum_of_embeddings([self.table], ids)

    def forward(
        self, ids: Int[Tensor, "batch time"], lengths: Sequence[int] | None = None
    ) -> Float[Tensor, "batch time width"]:
        """Run ids from position 0 on; of each item the first `lengths` count."""
        return self.trunk.forward(self.embed(ids[..., None]), lengths)

    def logits(self, hidden: Float[Tensor, "rows width"]) -> Float[Tensor, "rows ids"]:
        """Return the logits of what follows each row of the trunk's output."""
        if self.head is None:
            return F.linear(hidden, self.table.weight)
        return self.head.forward(hidden[:, None])[:, 0]

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> None:
        """Nothing is needed."""

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: None
    ) -> Int[Tensor, "streams 1"]:
        """Draw the next id."""
        return draw(0, self.logits(hidden))[:, None]

    def untie(self) -> None:
        """Give the head a map of its own, of the same weights, for who keeps maps otherwise."""
        if self.head is None:
            with without_memory():
                self.head = Map(self.config.trunk.width, self.config.rows)
            self.head.weight = self.table.weight
