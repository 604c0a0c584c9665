"""Codes by their places: near codes are alike, as the codec has them, and need not be learnt apart.

A table and a head that know the vector of each code of a level. Little speech says next to nothing
of each of 4096 codes, and much of where the next one lies. A head is a log-likelihood over the
codebook: values of a place and their squares, whose factors the context chooses, are a bell around
any place, as wide as it is sure; `learned` axes of each code say what bells cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.maps import Map
from vocable.nn.seen import Kept

_OTHERS = 3  # ids that a row may have behind its codes
_NARROW = 0.1  # of the first weights, so that at first all codes are nearly as likely


@dataclass(frozen=True)
class PlacesConfig:
    """widths: axes of the places of a level's codes. learned: axes that are not the codec's."""

    widths: tuple[int, ...]
    learned: int = 48

    def __post_init__(self) -> None:
        if min(self.widths, default=0) < 1 or self.learned < 1:
            raise ModelError(
                f"places have widths {list(self.widths)} and {self.learned} learned axes; wanted 1 "
                "or more of each"
            )

    def check(self, levels: int) -> None:
        """Raise ModelError unless these are the places of so many levels."""
        if len(self.widths) != levels:
            raise ModelError(f"places are of {len(self.widths)} levels, but {levels} are modelled")


class Places(nn.Module):
    """The places of the codes of one level, `[size, width]`."""

    vectors: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(size, width))
        self._kept = Kept[Tensor]()

    @torch.no_grad()
    def set(self, vectors: Float[Tensor, "size width"]) -> None:
        """Take the codec's. ModelError for others than the config says."""
        if vectors.shape != self.vectors.shape:
            raise ModelError(
                f"the codec has {list(vectors.shape)} places, wanted {list(self.vectors.shape)}; "
                "take the codec that the tokens are of"
            )
        self.vectors.copy_(_even(vectors.float()))

    @property
    def count(self) -> int:
        """Values and squares."""
        return 2 * self.vectors.shape[1]

    def axes(self, rows: int) -> Float[Tensor, "rows axes"]:
        """Return values and squares; of ids behind the codes, as the end, 0."""
        return self._kept.made(self._axes, self.vectors)[:rows]

    def _axes(self) -> Tensor:
        squares = _even(self.vectors.float().square()).to(self.vectors)
        return F.pad(torch.cat((self.vectors, squares), 1), (0, 0, 0, _OTHERS))


def _even(axes: Float[Tensor, "size width"]) -> Float[Tensor, "size width"]:
    """Return axes at zero mean and unit variance."""
    centred = axes - axes.mean(0)
    return centred / centred.std(0).clamp(min=1e-6)


class PlacedTable(nn.Module):
    """Embeddings of a row's ids: what their places say, and what is learnt of each."""

    def __init__(self, places: Places, size: int, width: int) -> None:
        super().__init__()
        self._places = (places,)  # in a tuple: it is a part of the model, not of this one
        self.known = nn.Linear(places.count, width, bias=False)
        nn.init.normal_(self.known.weight, std=(places.count * width) ** -0.5)
        self.weight = nn.Parameter(torch.randn(size, width) * 0.5 * width**-0.5)

    def forward(self, ids: Int[Tensor, "*rows"]) -> Float[Tensor, "*rows width"]:
        """Look ids up."""
        axes = self._places[0].axes(len(self.weight))
        known: Tensor = self.known(F.embedding(ids, axes))
        return F.embedding(ids, self.weight) + known


class PlacedHead(nn.Module):
    """Logits of a row's ids, by their places and by `learned` axes."""

    def __init__(self, places: Places, width: int, size: int, learned: int) -> None:
        super().__init__()
        self._places = (places,)
        self.into = Map(width, places.count + learned, bias=True)
        self.learned = nn.Parameter(torch.randn(size, learned) * learned**-0.5)
        self.bias = nn.Parameter(torch.zeros(size))
        with torch.no_grad():
            self.into.weight.mul_(_NARROW)

    def forward(
        self, x: Float[Tensor, "batch time width"], first: int = 0
    ) -> Float[Tensor, "batch time size"]:
        """Return logits; `first` is not asked for, see `Map`."""
        axes = self._places[0].axes(len(self.bias))
        known, learned = self.into(x).split([axes.shape[1], self.learned.shape[1]], -1)
        return F.linear(known, axes, self.bias) + F.linear(learned, self.learned)


def make_places(config: PlacesConfig | None, sizes: Sequence[int]) -> nn.ModuleList | None:
    """Return the places of levels of these sizes, where a model is told them."""
    return None if config is None else nn.ModuleList(map(Places, sizes, config.widths))


def set_places(places: nn.ModuleList, vectors: Iterable[Float[Tensor, "size width"]]) -> None:
    """Take where the codes of each level lie, as the codec has it."""
    for own, each in zip(places, vectors, strict=True):
        cast(Places, own).set(each)


def make_table(places: nn.Module | None, size: int, width: int) -> nn.Module:
    """Return embeddings of ids, by their places where these are told."""
    if places is None:
        return nn.Embedding(size, width)
    return PlacedTable(cast(Places, places), size, width)


def make_head(
    config: PlacesConfig | None, places: nn.Module | None, width: int, size: int
) -> nn.Module:
    """Return what gives logits of ids, by their places where these are told."""
    if config is None or places is None:
        return Map(width, size)
    return PlacedHead(cast(Places, places), width, size, config.learned)
