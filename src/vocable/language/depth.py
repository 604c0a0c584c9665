"""The levels of one frame, one after the other, by a small model that starts anew each frame.

A frame is rows of ids, of which the first comes from the large model; a depth model draws the
others, seeing the large model's hidden state and the ids before. Two published forms: one set of
weights for all levels, the hidden state in front of the ids (CSM), and weights for each level, the
hidden state added to each (Moshi). What embeds ids belongs to the model around: tables are shared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.cache import Cache
from vocable.language.config import TransformerConfig
from vocable.language.maps import Map, MapOfSets
from vocable.language.transformer import Transformer

Draw: TypeAlias = Callable[[int, Tensor], Tensor]
"""Ids `[streams]` of a row of the frame, by its number, from its logits `[streams, ids]`."""
Embed: TypeAlias = Callable[[int, Tensor], Tensor]
"""Embeddings `[streams, width]` of the ids `[streams]` of a row of the frame, by its number."""


class Depth(nn.Module):
    """A depth model over frames of `rows` ids, all but the first drawn here, each of `size`."""

    trunk: Transformer
    heads: MapOfSets  # set r - 1 is the head of row r

    def __init__(self, config: TransformerConfig, rows: int, size: int) -> None:
        super().__init__()
        if rows < 2:
            raise ModelError(f"a depth model draws all rows but the first; a frame has {rows}")
        self.rows = rows
        self.trunk = Transformer(config)
        self.heads = MapOfSets(config.width, size, sets=rows - 1)

    def make_cache(self, streams: int, dtype: torch.dtype, device: torch.device) -> Cache:
        """Return what drawing frames of so many streams writes into."""
        made = Cache(self.trunk.config, streams, dtype=dtype, device=device)
        made.sights = {}  # the steps of every frame are those of the first
        return made

    @torch.inference_mode()
    def draw(
        self,
        hidden: Float[Tensor, "streams hidden"],
        first: Int[Tensor, " streams"],
        embed: Embed,
        draw: Draw,
        cache: Cache,
    ) -> Int[Tensor, "streams rows"]:
        """Draw a frame whose first row is known; nothing of it waits for the processor."""
        cache.empty()
        ids = [first]
        for row in range(1, self.rows):
            x = self.next_rows(hidden, embed(row - 1, ids[-1]), row)
            y = self.trunk.step(x, cache)[:, -1:]
            ids.append(draw(row, self.heads.forward(y, row - 1)[:, 0]))
        return torch.stack(ids, 1)

    def next_rows(
        self, hidden: Float[Tensor, "streams hidden"], before: Tensor, row: int
    ) -> Float[Tensor, "streams time width"]:
        """Return what the trunk takes to draw a row, `before` being the row before it, embedded."""
        raise NotImplementedError


class SharedDepth(Depth):
    """One set of weights; the hidden state and embeddings of ids come through one projection.

    Of CSM: 31 steps a frame, the first of two rows. `config` has as many positions as rows.
    """

    def __init__(self, config: TransformerConfig, *, width: int, rows: int, size: int) -> None:
        super().__init__(config, rows, size)
        if config.context < rows:
            raise ModelError(f"a context of {config.context} does not hold a frame of {rows} rows")
        self.into = Map(width, config.width)

    def next_rows(
        self, hidden: Float[Tensor, "streams hidden"], before: Tensor, row: int
    ) -> Float[Tensor, "streams time width"]:
        """Return the row before; in front of the first the hidden state."""
        x = torch.stack((hidden, before), 1) if row == 1 else before[:, None]
        return self.into.forward(x)

    def forward(
        self,
        hidden: Float[Tensor, "frames hidden"],
        known: Float[Tensor, "frames known hidden"],
    ) -> Float[Tensor, "frames known size"]:
        """Return logits of all rows but the first, with the rows before each known.

        known: embeddings of all rows but the last.
        """
        x = self.into.forward(torch.cat((hidden[:, None], known), 1))
        return self.heads.forward(self.trunk.forward(x)[:, 1:])


class LevelDepth(Depth):
    """Weights for each row; the hidden state is projected for each, and added to what came before.

    Of Moshi: the text's id comes first, then 8 levels. `config` has `sets`, one for each row drawn;
    embeddings are as wide as the depth model.
    """

    def __init__(self, config: TransformerConfig, *, width: int, rows: int, size: int) -> None:
        super().__init__(config, rows, size)
        if config.sets != rows - 1:
            raise ModelError(f"{rows - 1} rows are drawn but the config has sets = {config.sets}")
        self.into = MapOfSets(width, config.width, sets=rows - 1)

    def next_rows(
        self, hidden: Float[Tensor, "streams hidden"], before: Tensor, row: int
    ) -> Float[Tensor, "streams time width"]:
        """Return the row before with the hidden state, as this row's projection gives it."""
        return self.into.forward(hidden[:, None], row - 1) + before[:, None]

    def forward(
        self,
        hidden: Float[Tensor, "frames hidden"],
        known: Float[Tensor, "frames known width"],
    ) -> Float[Tensor, "frames known size"]:
        """Return logits of all rows but the first, with the rows before each known.

        known: embeddings of all rows but the last.
        """
        x = self.into.forward(hidden[:, None].expand(-1, known.shape[1], -1)) + known
        return self.heads.forward(self.trunk.forward(x))
