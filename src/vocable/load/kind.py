"""What a kind of model is to the loader: how one is recognised, described and opened.

Each kind has a file of its own here, and a line in the table of `kinds`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vocable.codecs.keys.description import Description
from vocable.load.finding import Source, locate

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec, Tokenizer
    from vocable.conditions import Embeds

Known = TypeVar("Known")
Rows = list[tuple[str, str]]  # of a name and a text


@dataclass(frozen=True)
class Place:
    """A name, and the files that it means, which are looked for when a kind asks for them."""

    name: str | os.PathLike[str]

    @cached_property
    def where(self) -> Description | Source:
        """What `locate` finds."""
        return locate(self.name)

    @property
    def ours(self) -> Description | None:
        """What a model in our own layout says of itself; None for somebody else's."""
        return self.where if isinstance(self.where, Description) else None

    @property
    def theirs(self) -> Source | None:
        """The files of somebody else's model; None for one in our own layout."""
        return self.where if isinstance(self.where, Source) else None


@dataclass(frozen=True)
class Wanted:
    """How a model is to be opened, see `load`, and what opens those whose tokens it has."""

    tokenizer_of: Callable[..., Tokenizer]
    codec_of: Callable[..., Codec]
    embedding_of: Callable[..., Embeds]
    device: str | torch.device | None
    dtype: torch.dtype | None = None
    weights: torch.dtype | None = None


@dataclass(frozen=True)
class Kind(Generic[Known]):
    """One kind of model.

    recognise       returns what a model is read by; None for one of another kind
    open            returns what a user holds
    describe        returns what its files say, weights unread; None: it has to be opened for that
    architectures   of its models in our own layout
    rows            what such a model's description says beside what its tokens are
    does, instead   what its models do that make no tokens, and what to take instead, as is said
                    where a tokenizer is needed
    """

    recognise: Callable[[Place], Known | None]
    open: Callable[[Known, Wanted], Any]
    describe: Callable[[Known], Any] | None = None
    architectures: Collection[str] = ()
    rows: Callable[[Description], Rows] = lambda description: []
    does: str = ""
    instead: str = "take a codec for this"


def ours(
    architectures: Collection[str],
    open: Callable[[Description, Wanted], Any],
    describe: Callable[[Description], Any] = lambda description: description,
    *,
    rows: Callable[[Description], Rows] = Kind.rows,
    does: str,
    instead: str = Kind.instead,
) -> Kind[Description]:
    """Return a kind in our own layout, which its architectures tell."""

    def recognise(place: Place) -> Description | None:
        found = place.ours
        return found if found and found.architecture in architectures else None

    return Kind(recognise, open, describe, architectures, rows, does, instead)


def theirs(
    recognise: Callable[[Path], Known | None],
    open: Callable[[Known, Wanted], Any],
    describe: Callable[[Known], Any],
) -> Kind[Known]:
    """Return a kind in checkpoints of others, which the file of the weights tells."""
    return Kind(
        lambda place: recognise(place.theirs.weights) if place.theirs else None, open, describe
    )
