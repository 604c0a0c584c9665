"""Say what a sweep came to: failures as they come, then a table, and files in its folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from vocable.atomic import replacing
from vocable.audio.manifest import Clip
from vocable.cli.console import Console, Progress
from vocable.cli.exit_codes import FAILED
from vocable.evaluate.report import picks, write_report
from vocable.evaluate.summary import Summary, summarise
from vocable.evaluate.summary.files import csv_text, json_text
from vocable.evaluate.summary.tables import table
from vocable.evaluate.sweep import Result, Study, read_kept, sounds
from vocable.evaluate.systems.lineup import Systems

SHOWN = 5  # failures of one system; the others are counted
TABLE, SUMMARY, REPORT = "table.csv", "summary.json", "report.html"


class Reporter:
    """Called by a sweep: shows the time left, and what fails, as it fails."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console, self._progress = console, progress
        self._failed = Counter[str]()
        self._unread = set[str]()

    def __call__(self, share: float, result: Result | None) -> None:
        """Report that a share of the work is done, and what was found last."""
        self._progress(share)
        why = failure(result) if result else ""
        if not result or not why:
            return
        if result.seconds:
            self._failed[result.system] += 1
            if self._failed[result.system] <= SHOWN:
                self._console.failure(f"{result.name}, {result.system}: {why}")
        elif result.recording not in self._unread:  # once for all systems
            self._unread.add(result.recording)
            self._console.failure(f"{result.name}: {why}")


def failure(result: Result) -> str:
    """Return why nothing came of a recording in a system; empty where something did."""
    if result.fault or result.scores or not result.unscored:
        return result.fault
    first = next(iter(result.unscored.values()))
    return f"no measure could be taken: {first}"


def finish(
    study: Study,
    systems: Systems,
    clips: Sequence[Clip],
    folder: str,
    console: Console,
    how: dict[str, Any],
) -> int:
    """Write table, summary and report into the folder, print the table; return the exit code."""
    place = Path(folder)
    summary = summarise(study, partial(read_kept, folder))
    _write(place / TABLE, csv_text(summary))
    _write(place / SUMMARY, json_text(summary))
    for row in json.loads(json_text(summary))["rows"]:
        console.result(row)
    if not console.as_json and not console.quiet:
        click.echo(table(summary))
    _write_report(study, summary, systems, clips, place, how)
    console.line(f"results: {place / TABLE}, {place / SUMMARY}, {place / REPORT}")
    return _count(study, console)


def _write_report(
    study: Study,
    summary: Summary,
    systems: Systems,
    clips: Sequence[Clip],
    place: Path,
    how: dict[str, Any],
) -> None:
    again = sounds(study, picks(study), systems, clips, place, **how)
    write_report(
        study,
        summary,
        place / REPORT,
        sounds=again.made,
        originals=again.original,
        tokens=partial(read_kept, place),
        overwrite=True,
    )


def _write(path: Path, text: str) -> None:
    with replacing(path, overwrite=True) as fresh:
        fresh.write_text(text, encoding="utf-8")


def _count(study: Study, console: Console) -> int:
    failed = Counter(each.system for each in study.results if failure(each))
    scored = sum(len(each.scores) for each in study.results)
    unscored = sum(len(each.unscored) for each in study.results)
    counts = [f"{scored} scores", f"{unscored} not defined"] if unscored else [f"{scored} scores"]
    if failed:
        each = ", ".join(f"{name} {count}" for name, count in failed.items())
        counts.append(f"{failed.total()} of {len(study.results)} failed ({each})")
    console.line(", ".join(counts))
    return FAILED if failed else 0
