"""Put in place what says something of all pieces: what failed, what comes twice, the sums.

It can be done at any time and again; what trainers want once is written when all pieces are made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vocable.atomic import replacing
from vocable.corpus.marks import Mark, read_marks
from vocable.corpus.plan import FOLDER, Plan
from vocable.corpus.report import Report, Tally
from vocable.corpus.shard import remove_unfinished
from vocable.corpus.worker import output_for


def finish(folder: Path, plan: Plan) -> Report:
    """Return the sums of the pieces that are made, and write them once all are."""

    def marks() -> Iterator[Mark]:
        return read_marks(folder, range(plan.pieces))

    tally = Tally(plan)
    known: dict[str, str] = {}
    copies, failed = list[dict[str, str]](), list[dict[str, str]]()
    for mark in marks():
        _add(tally, mark, known, copies, failed)
    report = tally.report()
    _write_lines(folder, "failed.jsonl", failed)
    if report.whole:
        output_for(plan).finish(folder, marks)
        _write_lines(folder, "copies.jsonl", copies)
        with replacing(folder / FOLDER / "report.json", overwrite=True) as fresh:
            fresh.write_text(json.dumps(report.to_dict(), indent=1) + "\n", encoding="utf-8")
        remove_unfinished(folder)
    return report


def _add(
    tally: Tally,
    mark: Mark,
    known: dict[str, str],
    copies: list[dict[str, str]],
    failed: list[dict[str, str]],
) -> None:
    tally.count("made")
    tally.count("failed", len(mark.failed))
    tally.count("bytes", sum(size for size, _ in mark.files.values()))
    failed += [{"id": name, "reason": why} for name, why in mark.failed]
    for item in mark.items:
        tally.add(item)
        if (first := known.setdefault(item.digest, item.id)) != item.id:
            tally.count("copies")
            copies.append({"id": item.id, "copy_of": first})


def _write_lines(folder: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    with replacing(folder / FOLDER / name, overwrite=True) as fresh:
        fresh.write_text("".join(_lines(rows)), encoding="utf-8", newline="\n")


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"
