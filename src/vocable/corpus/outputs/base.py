"""What an output is: a form in which trainers read tokens, a shard for each piece of work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from vocable.corpus.marks import Mark
from vocable.corpus.rows import Row
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, TokenSpec, Vocabulary

Marks = Callable[[], Iterator[Mark]]  # goes through all marks, as often as it is called


@dataclass(frozen=True)
class Form:
    """What is written: tokens of so many levels, as ids where a vocabulary is given."""

    spec: TokenSpec
    levels: int
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class Written:
    """The files of a shard, by their names in the folder, and what the end will need of it."""

    names: list[str]
    extra: dict[str, Any] = field(default_factory=dict)


class Output(ABC):
    """One form of output. TokenError for tokens that it cannot hold, before any work."""

    name: ClassVar[str]
    takes_vocabulary: ClassVar[bool] = False
    ends: ClassVar[tuple[str, ...]] = ()  # files that `finish` writes

    def __init__(self, form: Form) -> None:
        self.form = form
        if form.vocabulary is not None and not self.takes_vocabulary:
            raise TokenError(f"{self.name} holds codes; a layout or vocabulary makes ids of them")

    def key(self, name: str) -> str:
        """Return how an id is spelt here; two ids that are spelt alike are refused."""
        return name

    def check_folder(self, folder: Path) -> None:  # noqa: B027  # most take any
        """Refuse a folder that trainers could not read from, with RecipeError."""

    def refuses(self, tokens: AudioTokens) -> str:
        """Return why a recording's tokens do not fit, empty where they do."""
        return ""

    @abstractmethod
    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        """Write one shard into a folder that is its own; rows are at least one."""

    @abstractmethod
    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        """Yield the tokens of a shard, in the order of its mark's items."""

    def finish(self, folder: Path, marks: Marks) -> None:  # noqa: B027  # most need none
        """Write what trainers want once, when all shards are there; the same files each time."""

    def check_space(self, space: object) -> None:
        """Refuse a shard that says of itself that others' weights made it."""
        if space != self.form.spec.space:
            raise TokenError(f"its tokens are of {space}, the corpus is of {self.form.spec.space}")

    def settings(self) -> dict[str, Any]:
        """Return what was chosen for the numbers, to be stated."""
        return {"dtype": self.dtype.name}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the codes: uint16 where that holds them, else uint32."""
        sizes = [level.size for level in self.form.spec.levels[: self.form.levels]]
        return narrow(max(sizes))


def narrow(size: int) -> np.dtype[Any]:
    """Return the unsigned type that holds the numbers below `size`, little-endian."""
    return np.dtype("<u2" if size <= 1 << 16 else "<u4")
