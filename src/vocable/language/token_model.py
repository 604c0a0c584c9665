"""What the engine asks of a model, and the simplest model that answers: tables, trunk, heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError, TokenError
from vocable.language.config import TransformerConfig
from vocable.language.depth import Draw
from vocable.language.maps import Map
from vocable.language.transformer import Transformer


@runtime_checkable
class TokenModel(Protocol):
    """A model that takes a step of ids, one a row, and draws the ids of the next.

    sizes: ids that each row of a step may have; -1 in a row stands for nothing. drawn: how many
    rows `predict` draws: as many, or fewer where others come from elsewhere (text, a listener).
    """

    trunk: Transformer
    sizes: tuple[int, ...]
    drawn: int

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return the trunk's input."""
        ...

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> Any:
        """Return memory that `predict` writes into, made once for so many streams."""
        ...

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: Any
    ) -> Int[Tensor, "streams drawn"]:
        """Draw the rows that follow the trunk's output, each through `draw`."""
        ...


class RowModel(nn.Module):
    """The rows of a step are embedded and added up, and drawn side by side, each by its head.

    One row: a plain language model over a flat layout. More: parallel and delayed layouts.
    sizes: ids of each row of a step, as input. heads: ids that each row may become.
    """

    def __init__(
        self, trunk: TransformerConfig, sizes: tuple[int, ...], heads: tuple[int, ...]
    ) -> None:
        super().__init__()
        if not sizes or len(sizes) != len(heads):
            raise ModelError(
                f"a step has at least 1 row, and a head for each; here are {len(sizes)} rows and "
                f"{len(heads)} heads"
            )
        self.sizes, self.drawn = sizes, len(heads)
        self.tables = nn.ModuleList(nn.Embedding(size, trunk.width) for size in sizes)
        self.trunk = Transformer(trunk)
        self.heads = nn.ModuleList(Map(trunk.width, size) for size in heads)

    def embed(self, ids: Int[Tensor, "streams time rows"]) -> Float[Tensor, "streams time width"]:
        """Return the sum of the rows' embeddings; an id of -1 adds nothing."""
        return sum_of_embeddings(self.tables, ids)

    def forward(
        self,
        ids: Int[Tensor, "batch time rows"],
        lengths: Sequence[int] | None = None,
        cross: Float[Tensor, "batch states cross"] | None = None,
        cross_lengths: Sequence[int] | None = None,
    ) -> list[Float[Tensor, "batch time size"]]:
        """Return the logits of each row of the step after each."""
        y = self.trunk.forward(self.embed(ids), lengths, cross, cross_lengths)
        return [head(y) for head in self.heads]

    def make_scratch(self, streams: int, dtype: torch.dtype, device: torch.device) -> None:
        """Nothing is needed."""

    def predict(
        self, hidden: Float[Tensor, "streams width"], draw: Draw, scratch: None
    ) -> Int[Tensor, "streams drawn"]:
        """Draw every row from its head."""
        return draw_rows(self.heads, hidden, draw)


def draw_rows(
    heads: nn.ModuleList, hidden: Float[Tensor, "streams width"], draw: Draw
) -> Int[Tensor, "streams rows"]:
    """Draw rows side by side, each from its head."""
    each = enumerate(heads)
    return torch.stack([draw(row, head(hidden[:, None])[:, 0]) for row, head in each], 1)


def sum_of_embeddings(
    tables: Sequence[nn.Module] | nn.ModuleList, ids: Int[Tensor, "streams time rows"]
) -> Float[Tensor, "streams time width"]:
    """Look each row up in its table and add them up; -1 adds nothing."""
    found = [table(ids[..., row].clamp(min=0)) for row, table in enumerate(tables)]
    every = torch.stack(found, 2) * (ids >= 0)[..., None]
    return every.sum(2)


def check_ids(ids: np.ndarray, sizes: Sequence[int]) -> None:
    """Raise TokenError where an id is not one of its row's; -1 stands for nothing."""
    if ids.shape[1] != len(sizes):
        raise TokenError(f"a step has {len(sizes)} rows but {ids.shape[1]} came")
    wrong = np.argwhere((ids < -1) | (ids >= np.array(sizes)))
    if len(wrong):
        time, row = wrong[0]
        raise TokenError(
            f"id {ids[time, row]} at step {time} is out of range: row {row} has ids 0 to "
            f"{sizes[row] - 1}, and -1 for nothing"
        )
