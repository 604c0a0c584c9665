"""A mark says that a piece is done: which files it became, which recordings failed.

It is written last. The same piece gives the same mark, whoever makes it and however often.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vocable.atomic import replacing
from vocable.errors import FormatError

FOLDER = "corpus/marks"


@dataclass(frozen=True)
class Item:
    """A recording that became tokens; `silent` in seconds."""

    id: str
    digest: str
    samples: int
    rate: int
    channels: int
    frames: int
    silent: float

    @property
    def seconds(self) -> float:
        """The length of the recording."""
        return self.samples / self.rate

    def streams(self, channels: int) -> int:
        """Return how many streams of so many channels each the recording has."""
        return -(-self.channels // channels)


@dataclass(frozen=True)
class Mark:
    """What a piece became.

    files   by name: bytes, and SHA-256
    failed  recordings by id, with the reason
    """

    piece: int
    files: dict[str, tuple[int, str]]
    items: tuple[Item, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)  # what the output keeps for its end

    def write(self, folder: Path) -> None:
        """Put the mark in place."""
        table = vars(self) | {"items": [[*vars(item).values()] for item in self.items]}
        path = path_of(folder, self.piece)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, overwrite=True) as fresh:
            fresh.write_text(json.dumps(table, ensure_ascii=False) + "\n", encoding="utf-8")


def path_of(folder: Path, piece: int) -> Path:
    """Return where the mark of a piece lies; a thousand in each folder."""
    return folder / FOLDER / f"{piece // 1000:05d}" / f"{piece:08d}.json"


def read_mark(folder: Path, piece: int) -> Mark | None:
    """Return the mark of a piece, None while it is not done; FormatError for a damaged one."""
    path = path_of(folder, piece)
    try:
        table = json.loads(path.read_bytes())
        return Mark(
            table["piece"],
            {name: (int(size), str(digest)) for name, (size, digest) in table["files"].items()},
            tuple(Item(*each) for each in table["items"]),
            tuple((str(name), str(why)) for name, why in table["failed"]),
            table["extra"],
        )
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FormatError(f"{path} is damaged ({error}); remove it and run again") from error


def count_marks(folder: Path) -> int:
    """Return how many pieces are done, by the names of their marks alone."""
    return sum(1 for _ in (folder / FOLDER).glob("*/[0-9]*.json"))


def read_marks(folder: Path, pieces: Sequence[int] | range) -> Iterator[Mark]:
    """Yield the marks of pieces that are done."""
    for piece in pieces:
        if (mark := read_mark(folder, piece)) is not None:
            yield mark


def sealed(folder: Path, names: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return bytes and SHA-256 of files."""
    found = {}
    for name in names:
        with open(folder / name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[name] = (os.path.getsize(folder / name), digest)
    return found
