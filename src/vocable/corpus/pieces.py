"""A piece of a corpus: the unit of work, which becomes one shard of the output and one mark."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vocable.corpus.entry import Entry
from vocable.errors import FormatError, RecipeError

LEAST, MOST, PIECES = 16, 1000, 64  # recordings in a piece, and pieces of a small corpus
_MISSING = "missing"


@dataclass(frozen=True)
class Piece:
    """A run of the source's recordings.

    kind        how it is read: one of `sources.READERS`
    place       the tar or table that holds its recordings; empty for files of their own
    part        row groups of a table, from and to
    entries     the recordings, where each is a file of its own
    seals       what says that files are what they were: of `place`, or of each entry
    """

    number: int
    kind: str
    place: str = ""
    part: tuple[int, int] | None = None
    entries: tuple[Entry, ...] = ()
    seals: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the piece as JSON holds it."""
        table: dict[str, Any] = {"number": self.number, "kind": self.kind}
        if self.place:
            table["place"] = self.place
        if self.part is not None:
            table["part"] = list(self.part)
        if self.entries:
            table["entries"] = [entry.to_dict() for entry in self.entries]
        return table | {"seals": list(self.seals)}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Piece:
        """Return the piece that `to_dict` gave; FormatError for another table."""
        try:
            return cls(
                int(table["number"]), str(table["kind"]), table.get("place", ""),
                tuple(table["part"]) if "part" in table else None,
                tuple(Entry.from_dict(each) for each in table.get("entries", ())),
                tuple(table["seals"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"a piece of a corpus has number, kind and seals: {error}") from error


def of_files(entries: Sequence[Entry], size: int | None) -> Iterator[Piece]:
    """Yield pieces of recordings that are files of their own, `size` of them in each.

    Without a size as many as make `PIECES` pieces, within `LEAST` and `MOST`.
    """
    size = size or min(MOST, max(LEAST, -(-len(entries) // PIECES)))
    for number, first in enumerate(range(0, len(entries), size)):
        run = tuple(entries[first : first + size])
        yield Piece(number, "files", entries=run, seals=tuple(seal(each.path) for each in run))


def of_holders(kind: str, places: Iterable[str]) -> Iterator[Piece]:
    """Yield a piece for each file that holds many recordings."""
    for number, place in enumerate(places):
        yield Piece(number, kind, place, seals=(seal(place),))


def check_seal(path: str, was: str) -> None:
    """RecipeError for a file that is another than when it was sealed; a missing one is not."""
    if seal(path) not in (was, _MISSING):
        raise RecipeError(
            f"{path} has changed since the corpus was planned; name another folder, or put it back"
        )


def seal(path: str) -> str:
    """Return what changes when a file does: its bytes and the second it was changed in.

    An address has none, since to ask for that of each would take as long as to read it.
    """
    if "://" in path:
        return ""
    try:
        status = os.stat(path)
    except OSError:
        return _MISSING
    return f"{status.st_size}:{int(status.st_mtime)}"
