"""Check a corpus: that all of it is there, is what was written, and is of one kind of tokens."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from vocable.corpus.comparing import source_faults
from vocable.corpus.marks import Mark, read_mark, sealed
from vocable.corpus.plan import FOLDER
from vocable.corpus.report import Tally, written_report
from vocable.corpus.shards import Shards
from vocable.errors import FormatError, VocableError

Progress = Callable[[float], None]  # the share of the pieces that are checked, 0 to 1


def check_corpus(
    folder: str | os.PathLike[str],
    source: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Iterator[str]:
    """Yield what is wrong with a corpus, a line a fault.

    Looked at are the plan, the marks, size and SHA-256 of all files, the tokens in them, ids, the
    report, and files of no mark. source: what it was made from, which is compared by size and time
    of its files. FileNotFoundError for a folder that lacks a plan.
    """
    shards = Shards(Path(folder))
    if source is not None:
        yield from source_faults(shards.folder, source)
    yield from _Check(shards).faults(progress)


class _Check:
    def __init__(self, shards: Shards) -> None:
        self._shards, self._folder, self._plan = shards, shards.folder, shards.plan
        self._piece_of: dict[str, int] = {}  # by id
        self._files: set[str] = set()
        self._made = 0
        self._tally = Tally(shards.plan)

    def faults(self, progress: Progress | None) -> Iterator[str]:
        yield from self._of_plan()
        for number in range(self._plan.pieces):
            try:
                mark = read_mark(self._folder, number)
            except FormatError as error:
                yield str(error)
                continue
            if mark is not None:
                yield from self._of_mark(mark)
            if progress:
                progress((number + 1) / self._plan.pieces)
        yield from self._of_whole()
        yield from self._strangers()

    def _of_plan(self) -> Iterator[str]:
        path = self._folder / FOLDER / "pieces.jsonl"
        if not path.exists():
            yield f"{path} is missing; encode the corpus anew"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != self._plan.digest:
            yield f"{path} is not what plan.json was made with; encode the corpus anew"

    def _of_mark(self, mark: Mark) -> Iterator[str]:
        self._made += 1
        self._tally.add(mark)
        self._files.update(mark.files)
        for item in mark.items:
            first = self._piece_of.setdefault(item.id, mark.piece)
            if first != mark.piece:
                yield f"{item.id} is in piece {first} and again in piece {mark.piece}"
        broken = list(self._of_files(mark))
        yield from broken
        if not broken:
            yield from self._of_tokens(mark)

    def _of_files(self, mark: Mark) -> Iterator[str]:
        for name, (size, digest) in mark.files.items():
            path = self._folder / name
            if not path.is_file():
                yield f"{path} is missing; {self._shards.repair(mark)}"
            elif (found := path.stat().st_size) != size:
                yield f"{path} has {found} bytes and had {size}; {self._shards.repair(mark)}"
            elif sealed(self._folder, [name])[name][1] != digest:
                yield f"{path} has other bytes than were written; {self._shards.repair(mark)}"

    def _of_tokens(self, mark: Mark) -> Iterator[str]:
        try:
            for _ in self._shards.read(mark):
                pass
        except (VocableError, OSError) as error:
            yield str(error)

    def _of_whole(self) -> Iterator[str]:
        if left := self._plan.pieces - self._made:
            yield (
                f"{left} of {self._plan.pieces} pieces are not made; run the same "
                "`vocable corpus encode` again"
            )
            return
        try:
            if written_report(self._folder) != self._tally.report().to_dict():
                yield (
                    f"{self._folder / FOLDER / 'report.json'} does not say what the marks do; run "
                    "the same `vocable corpus encode` again"
                )
        except FormatError as error:
            yield str(error)

    def _strangers(self) -> Iterator[str]:
        """Yield files of no mark; what lies in `FOLDER` is not of the shards."""
        ours = self._files | set(self._shards.output.ends)
        for above, folders, files in os.walk(self._folder):
            if above == str(self._folder):
                folders.remove(FOLDER)
            folders.sort()
            for name in sorted(files):
                path = Path(above, name)
                if path.relative_to(self._folder).as_posix() not in ours:
                    yield f"{path} belongs to no piece; remove it"
