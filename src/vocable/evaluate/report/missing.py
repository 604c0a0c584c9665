"""Say what is missing and why: what systems failed at, and what measures could not say."""

from __future__ import annotations

from collections.abc import Iterator

from vocable.evaluate.report.figures import counted
from vocable.evaluate.report.markup import Markup, tag
from vocable.evaluate.report.tables import table
from vocable.evaluate.summary.values import Summary

_MOST = 200  # rows; what is beyond is counted


def missing(summary: Summary) -> Iterator[Markup]:
    """Yield a table of reasons, each with the systems and how often; equal ones stand together."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in summary.rows:
        for reason, count in row.faults.items():
            found.setdefault((row.set, "made nothing", reason), {})[row.system] = count
        for measure, reasons in row.unscored.items():
            for reason, count in reasons.items():
                found.setdefault((row.set, measure, reason), {})[row.system] = count
    if not found:
        yield tag("p", "Nothing: every system made something of every recording, and every measure "
                  "has a value.")  # fmt: skip
        return
    rows = [
        [*where, _systems(counts), str(sum(counts.values()))] for where, counts in found.items()
    ]
    headings = ["set", "what", "reason", "systems", "times"]
    yield table(headings, rows[:_MOST], names=4)
    if len(rows) > _MOST:
        yield tag("p", f"{counted(len(rows) - _MOST, 'reason')} more are not shown.", class_="note")


def _systems(counts: dict[str, int]) -> str:
    return ", ".join(f"{system} ({count})" for system, count in counts.items())
