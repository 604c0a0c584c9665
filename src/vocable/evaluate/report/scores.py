"""Lay out the main table of each set: what systems score, how sure that is, of how many files."""

from __future__ import annotations

from collections.abc import Iterator

from vocable.evaluate.report.figures import (
    NONE,
    counted,
    digits_of,
    heading,
    is_known,
    kbps,
    number,
    span,
)
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.tables import table
from vocable.evaluate.summary.remarks import owners_of
from vocable.evaluate.summary.tables import best_system
from vocable.evaluate.summary.values import Row, Summary
from vocable.evaluate.sweep import Study
from vocable.evaluate.systems import CONTROL
from vocable.measures.registry import find

_LEGEND = (
    "Means with their 95 % intervals. *: better than every other system that is not a control, for "
    "sure. Controls are in italics. Arrows point to the better."
)
_LATE = 0.0005  # seconds: a delay below half a millisecond is none


def scores(study: Study, summary: Summary) -> Iterator[Markup]:
    """Yield a table of each set."""
    yield tag("p", _LEGEND, class_="note")
    for name in study.sets:
        rows = summary.of(name)
        if rows:
            measures = [each for each in study.measures.get(name, ()) if _is_asked(each, rows)]
            yield _table(summary, measures, rows)
        else:
            yield tag("p", f"{name}: no recordings.", class_="note")


def _is_asked(measure: str, rows: list[Row]) -> bool:
    return any(measure in row.cells or measure in row.unscored for row in rows)


def _table(summary: Summary, measures: list[str], rows: list[Row]) -> Markup:
    first = rows[0]
    owners = f" of {first.owners} speakers" if owners_of(first) == "speakers" else ""
    caption = f"{first.set}: {counted(first.asked, 'recording')}{owners}"
    best = {measure: best_system(summary, first.set, measure) for measure in measures}
    kinds = [find(each) for each in measures]
    headings = ["system", "kbit/s", "made", *(heading(each) for each in kinds)]
    about = ["", "", "recordings of which it made something", *(each.about for each in kinds)]
    late = any(is_known(row.delay) and abs(row.delay) >= _LATE for row in rows)
    if late:
        headings.append("late, ms")
        about.append("by how much what it made comes late, in the median")
    digits = [_digits(kind.name, kind.digits, rows) for kind in kinds]
    lines = []
    for row in rows:
        cells = [
            _value(row, measure, n, best[measure] == row.system)
            for measure, n in zip(measures, digits, strict=True)
        ]
        delay = [number(1000 * row.delay, 1)] if late else []
        lines.append([_name(row), _rate(row), _made(row), *cells, *delay])
    return table(headings, lines, caption, about=about)


def _digits(measure: str, most: int, rows: list[Row]) -> int:
    return digits_of((row.cells[measure].interval for row in rows if measure in row.cells), most)


def _name(row: Row) -> Markup:
    return tag("i", row.system) if row.family == CONTROL else tag("span", row.system)


def _rate(row: Row) -> Markup:
    if row.bitrate is None or not is_known(row.bitrate):
        return number(None)
    return tag("data", kbps(row.bitrate), value=repr(row.bitrate / 1000))


def _made(row: Row) -> Markup:
    whole = row.made == row.asked
    return tag("span", f"{row.made}/{row.asked}", class_=None if whole else "few")


def _value(row: Row, measure: str, digits: int, is_best: bool) -> Markup:
    """Return a mean over its interval, and of how many recordings where some are missing."""
    cell = row.cells.get(measure)
    if cell is None:
        return tag("a", NONE, href="#missing", class_="none", title=_why(row, measure))
    mean = number(cell.interval.mean, digits)
    parts = [tag("b", mean, "*") if is_best else mean]
    ends = span(cell.interval, digits)
    parts += [tag("small", ends)] if ends else []
    if cell.scored != row.asked:
        parts.append(tag("small", f"of {cell.scored}/{row.asked}", class_="few"))
    return joined(parts)


def _why(row: Row, measure: str) -> str:
    reasons = row.unscored.get(measure) or row.faults
    return "; ".join(reasons) or "not asked"
