"""Read a corpus that is made: piece by piece, or any recording by number or id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt64

from vocable.corpus.entry import Entry
from vocable.corpus.marks import Item, count_marks
from vocable.corpus.pieces import Piece
from vocable.corpus.plan import FOLDER
from vocable.corpus.report import written_report
from vocable.corpus.shards import Recording, Shards
from vocable.errors import FormatError


class Corpus(Shards):
    """A finished corpus: iterated over by piece, indexed by number, searched by id.

    report  report.json: the sums over all recordings

    What is held is an index of a few numbers a piece, and of 16 bytes a recording once an id is
    looked up. FileNotFoundError for a folder that lacks a plan, FormatError for one that is not
    finished, and on reading for a shard that is damaged.
    """

    report: dict[str, Any]

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        made, report = count_marks(self.folder), written_report(self.folder)
        if made < self.plan.pieces or report is None:
            raise FormatError(
                f"{folder} is not finished: {made} of {self.plan.pieces} pieces are made; run the "
                "same `vocable corpus encode` again"
            )
        self.report = report

    def __len__(self) -> int:
        return int(self.report["recordings"])

    def __iter__(self) -> Iterator[Recording]:
        for mark in self.marks():
            yield from self.read(mark)

    def __getitem__(self, number: int) -> Recording:
        """Return a recording by its place in the corpus, 0 to len - 1."""
        piece, inside = self._place(number)
        return next(islice(self.read(self.mark(piece)), inside, None))

    def find(self, name: str) -> int:
        """Return the place of a recording by its id; KeyError for another."""
        hashes, order = self._hashes
        key = _hash(name)
        first, end = hashes.searchsorted(key, "left"), hashes.searchsorted(key, "right")
        for number in map(int, order[first:end]):
            if self.item(number).id == name:
                return number
        raise KeyError(f"{name} is not in {self.folder}")

    def item(self, number: int) -> Item:
        """Return what is known of a recording, without its tokens."""
        piece, inside = self._place(number)
        return self.mark(piece).items[inside]

    def entry(self, number: int) -> Entry:
        """Return what the source said of a recording; where a tar or table held it, its id."""
        name = self.item(number).id
        return self.entries(self._place(number)[0]).get(name, Entry(name))

    def entries(self, piece: int) -> dict[str, Entry]:
        """Return what the source said of a piece's recordings, where each was a file of its own."""
        with open(self.folder / FOLDER / "pieces.jsonl", "rb") as file:
            file.seek(int(self._lines[piece]))
            found = Piece.from_dict(json.loads(file.readline()))
        return {entry.id: entry for entry in found.entries}

    def _place(self, number: int) -> tuple[int, int]:
        """Return the piece of a recording, and its place there."""
        if not 0 <= number < len(self):
            raise IndexError(
                f"{self.folder} has no recording {number}, they are 0 to {len(self) - 1}"
            )
        piece = int(np.searchsorted(self._ends, number, side="right"))
        return piece, number - (int(self._ends[piece - 1]) if piece else 0)

    @cached_property
    def _ends(self) -> Int64[np.ndarray, " pieces"]:
        """How many recordings there are up to the end of each piece."""
        return np.cumsum([len(mark.items) for mark in self.marks()], dtype=np.int64)

    @cached_property
    def _lines(self) -> Int64[np.ndarray, " pieces"]:
        """Where the line of each piece begins."""
        with open(self.folder / FOLDER / "pieces.jsonl", "rb") as file:
            lengths = [len(line) for line in file]
        return np.cumsum([0, *lengths[:-1]], dtype=np.int64)

    @cached_property
    def _hashes(self) -> tuple[UInt64[np.ndarray, " items"], Int64[np.ndarray, " items"]]:
        """What the ids hash to, in order, and whose they are."""
        names = (item.id for mark in self.marks() for item in mark.items)
        found = np.fromiter(map(_hash, names), np.uint64, len(self))
        order = np.argsort(found, kind="stable")
        return found[order], order


def _hash(name: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big"))
