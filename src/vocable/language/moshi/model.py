"""The network of a Moshi: a `TokenModel` that draws text and its own levels, not what it hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.language.cache import Cache
from vocable.language.depth import Draw, LevelDepth
from vocable.language.maps import Map
from vocable.language.moshi.config import MoshiConfig
from vocable.language.token_model import sum_of_embeddings
from vocable.language.transformer import Transformer


@dataclass(frozen=True)
class MoshiLogits:
    """Of each step that follows another: its text, and its levels with those before each known."""

    text: Float[Tensor, "batch time text"]
    codes: Float[Tensor, "batch time levels codes"]


class Moshi(nn.Module):
    """Tables, the temporal model, its head of text, and the depth model with tables of its own."""

    def __init__(self, config: MoshiConfig) -> None:
        super().__init__()
        self.config, self.sizes, self.drawn = config, config.sizes, config.drawn
        wide, deep = config.temporal.width, config.depth.width
        self.tables = nn.ModuleList(nn.Embedding(size, wide) for size in self.sizes)
        self.trunk = Transformer(config.temporal)
        self.head = Map(wide, config.text)
        # of the text and of all levels but the last
        self.inner = nn.ModuleList(nn.Embedding(n, deep) for n in self.sizes[: config.levels])
        self.depth = LevelDepth(config.depth, width=wide, rows=config.drawn, size=config.codes)

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return the sum of the rows' embeddings; an id of -1 adds nothing."""
        return sum_of_embeddings(self.tables, ids)

    def forward(
        self, ids: Int[Tensor, "batch steps rows"], lengths: Sequence[int] | None = None
    ) -> MoshiLogits:
        """Return the logits of all steps but the first, from the steps before each.

        ids: from the initial ones on, as `tokens.layouts.moshi_ids` gives them, turned. lengths:
        steps of each item that count; what comes of the others means nothing.
        """
        before = None if lengths is None else [max(0, length - 1) for length in lengths]
        hidden = self.trunk.forward(self.embed(ids[:, :-1]), before)
        known = ids[:, 1:, : self.config.levels].flatten(0, 1)
        rows = [self._embed_inner(row, known[:, row]) for row in range(self.config.levels)]
        codes = self.depth.forward(hidden.flatten(0, 1), torch.stack(rows, 1))
        codes = codes.reshape(*hidden.shape[:2], *codes.shape[1:])
        return MoshiLogits(self.head.forward(hidden), codes)

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> Cache:
        """Return what drawing frames of so many streams writes into."""
        return self.depth.make_cache(streams, dtype, device)

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: Cache
    ) -> Int[Tensor, "streams drawn"]:
        """Draw the text, then the levels one after the other."""
        text = draw(0, self.head.forward(hidden[:, None])[:, 0])
        return self.depth.draw(hidden, text, self._embed_inner, draw, scratch)

    def _embed_inner(self, row: int, ids: Int[Tensor, " streams"]) -> Tensor:
        """Return what the depth model sees of a row's ids."""
        return sum_of_embeddings([self.inner[row]], ids[:, None, None])[:, 0]
