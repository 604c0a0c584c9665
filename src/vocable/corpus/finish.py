"""Put in place what says something of all pieces: what failed, what comes twice, the sums.

It can be done at any time and again; what trainers want once is written when all pieces are made.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
        return replace(_sums(plan, read_marks(folder, own)).report(), made=made)

    def marks() -> Iterator[Mark]:
        return read_marks(folder, range(plan.pieces))

    report = _sums(plan, marks()).report()
    with (
        contextlib.suppress(FileExistsError),  # another task finishes at this moment
        replacing(folder / FOLDER / "report.json", overwrite=True) as fresh,
    ):
        output_for(plan).finish(folder, marks)
        failed = ({"id": name, "reason": why} for mark in marks() for name, why in mark.failed)
        _write_lines(folder, "failed.jsonl", failed)
        _write_lines(folder, "copies.jsonl", _copies(marks()))
        fresh.write_text(json.dumps(report.to_dict(), indent=1) + "\n", encoding="utf-8")
        remove_unfinished(folder)
    return report


def _sums(plan: Plan, marks: Iterable[Mark]) -> Tally:
    tally = Tally(plan)
    for mark in marks:
        tally.add(mark)
    return tally


def _copies(marks: Iterable[Mark]) -> Iterator[dict[str, str]]:
    """Yield the recordings whose sound an earlier one has, in the order of the source."""
    known: dict[str, str] = {}
    for mark in marks:
        for item in mark.items:
            if item.digest in known:
                yield {"id": item.id, "copy_of": known[item.digest]}
            known.setdefault(item.digest, item.id)


def _write_lines(folder: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    with replacing(folder / FOLDER / name, overwrite=True) as fresh:
        fresh.write_text("".join(_lines(rows)), encoding="utf-8", newline="\n")


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"
