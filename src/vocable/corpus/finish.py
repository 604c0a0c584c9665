"""Put in place what says something of all pieces: what failed, what comes twice, the sums.

It can be done at any time and again; what trainers want once is written when all pieces are made.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from vocable.atomic import replacing
from vocable.corpus.marks import Mark, count_marks, read_marks
from vocable.corpus.plan import FOLDER, Plan
from vocable.corpus.report import Report, Tally
from vocable.corpus.shard import remove_unfinished
from vocable.corpus.worker import output_for


def finish(folder: Path, plan: Plan, own: Sequence[int]) -> Report:
    """Return the sums of all pieces, and write them, once all are made; else those of `own`."""
    made = count_marks(folder)
    if made < plan.pieces:
        return replace(_sums(plan, read_marks(folder, own)), made=made)

    def marks() -> Iterator[Mark]:
        return read_marks(folder, range(plan.pieces))

    try:
        with replacing(folder / FOLDER / "report.json", overwrite=True) as fresh:
            output_for(plan).finish(folder, marks)
            report = _accounted(folder, plan, marks())
            fresh.write_text(json.dumps(report.to_dict(), indent=1) + "\n", encoding="utf-8")
            remove_unfinished(folder)
            return report
    except FileExistsError:  # another task finishes at this moment
        return _sums(plan, marks())


def _sums(plan: Plan, marks: Iterable[Mark]) -> Report:
    tally = Tally(plan)
    for mark in marks:
        tally.add(mark)
    return tally.report()


def _accounted(folder: Path, plan: Plan, marks: Iterable[Mark]) -> Report:
    """Return the sums, and list what failed and what comes twice, in the order of the source.

    All in one pass, since marks take minutes to read where there are millions of recordings.
    """
    tally = Tally(plan)
    with (
        _lines(folder / FOLDER / "failed.jsonl") as fail,
        _lines(folder / FOLDER / "copies.jsonl") as copy,
    ):
        for mark in marks:
            for name, first in tally.add(mark):
                copy({"id": name, "copy_of": first})
            for name, why in mark.failed:
                fail({"id": name, "reason": why})
    return tally.report()


@contextlib.contextmanager
def _lines(path: Path) -> Iterator[Callable[[dict[str, str]], object]]:
    """Yield what writes a line to a file that is put in place whole."""
    with (
        replacing(path, overwrite=True) as fresh,
        open(fresh, "w", encoding="utf-8", newline="\n") as file,
    ):
        yield lambda row: file.write(json.dumps(row, ensure_ascii=False) + "\n")
