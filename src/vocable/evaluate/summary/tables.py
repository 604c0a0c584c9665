"""Print what a sweep came to, in the width of a terminal: means first, then how sure they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isnan
from textwrap import fill

from vocable.evaluate.intervals import Interval
from vocable.evaluate.summary.remarks import owners_of, remarks
from vocable.evaluate.summary.values import Row, Summary
from vocable.evaluate.systems.system import CONTROL
from vocable.measures.registry import find

WIDTH = 100  # characters
GAP = "  "
ARROWS = {"up": " ↑", "down": " ↓", None: ""}
BEST = "*"
LEGEND = (
    f"Mean ± half the 95 % interval over speakers. {BEST}: better than every other system that is "
    "not a control, for sure."
)
NO_INTERVAL = "± ?: one speaker alone has no interval."

Column = list[str]  # the heading, then a cell for each row


def table(summary: Summary) -> str:
    """Return tables of all sets, each with what is sure of it, what is not, and what to doubt."""
    found = [part for of_set in summary.sets() for part in _of_set(summary, of_set)]
    if not found:
        return "no results yet"
    legend = LEGEND
    if any(isnan(c.interval.low) for row in summary.rows for c in row.cells.values()):
        legend += f" {NO_INTERVAL}"
    return "\n\n".join([*found, fill(legend, WIDTH)])


def _of_set(summary: Summary, of_set: str) -> Iterator[str]:
    rows = summary.of(of_set)
    of_speakers = f" of {rows[0].owners} speakers" if owners_of(rows[0]) == "speakers" else ""
    yield f"{of_set}: {rows[0].asked} recordings{of_speakers}"
    edge = sum(row.family == CONTROL for row in rows)
    lead = [["", *(row.system for row in rows)], _kbps(rows)]
    for columns in (_scores(summary, rows), _tokens(summary, rows), _words(rows), _voices(rows)):
        yield from _blocks(lead, columns, edge)
    yield from remarks(summary, of_set, WIDTH)


def _kbps(rows: Sequence[Row]) -> Column:
    return ["kbps", *("?" if r.bitrate is None else f"{r.bitrate / 1000:.2f}" for r in rows)]


def _scores(summary: Summary, rows: Sequence[Row]) -> list[Column]:
    measures = dict.fromkeys(m for row in rows for m in (*row.cells, *row.unscored))
    columns = [_measure(summary, rows, measure) for measure in measures]
    if any(row.made < row.asked for row in rows):
        columns.append(["made", *(f"{row.made}/{row.asked}" for row in rows)])
    if any(abs(row.delay) >= 0.0005 for row in rows):
        columns.append(["late, ms", *(_milliseconds(row.delay) for row in rows)])
    return columns


def _measure(summary: Summary, rows: Sequence[Row], measure: str) -> Column:
    chosen = find(measure)
    best = best_system(summary, rows[0].set, measure)
    cells = []
    for row in rows:
        cell = row.cells.get(measure)
        text = plus_minus(cell.interval, chosen.digits) if cell else "–"
        scored = cell.scored if cell else 0
        mark = (BEST if row.system == best else " ") if best else ""
        cells.append(text + mark + (f" {scored}/{row.asked}" if scored < row.asked else ""))
    return [measure + ARROWS[chosen.direction], *cells]


def best_system(summary: Summary, of_set: str, measure: str) -> str | None:
    """Return the system that is better than every other one that is not a control, for sure."""
    direction = find(measure).direction
    judged = [r for r in summary.of(of_set) if r.family != CONTROL and measure in r.cells]
    ahead = Counter(
        each.second if (each.gain.mean > 0) == (direction == "up") else each.first
        for each in summary.differences
        if (each.set, each.measure) == (of_set, measure) and each.sure and direction
    )
    return next((name for name, n in ahead.items() if n == len(judged) - 1), None)


def plus_minus(interval: Interval, digits: int, scale: float = 1.0) -> str:
    """Return `2.34 ± 0.05`; `± ?` where there is no interval."""
    half = scale * (interval.high - interval.low) / 2
    return f"{scale * interval.mean:.{digits}f} ± {'?' if isnan(half) else f'{half:.{digits}f}'}"


def _tokens(summary: Summary, rows: Sequence[Row]) -> list[Column]:
    found = [summary.use.get((row.set, row.system)) for row in rows]
    if not any(found):
        return []
    rates = [use.bitrates if use else None for use in found]
    shares = [[level.used for level in use.levels] if use else [] for use in found]
    return [
        ["entropy, kbps", *(f"{r.entropy / 1000:.2f}" if r else "" for r in rates)],
        ["coded, kbps", *(f"{r.coded / 1000:.2f}" if r else "" for r in rates)],
        ["used", *(f"{min(s):.0%} to {max(s):.0%}" if s else "" for s in shares)],
    ]


def _words(rows: Sequence[Row]) -> list[Column]:
    columns = []
    for name in dict.fromkeys(name for row in rows for name in row.words):
        found = [row.words.get(name) for row in rows]
        kinds = {
            f"{name} wrong, %": [w.decoded if w else None for w in found],
            "differential, %": [w.differential if w else None for w in found],
        }
        for heading, rates in kinds.items():
            columns.append([heading, *(_percent(r.interval if r else None) for r in rates)])
        columns.append(["added, %", *(_percent(w.added if w else None) for w in found)])
        columns.append(["claim", *((w.claim or "") if w else "" for w in found)])
    return columns


def _voices(rows: Sequence[Row]) -> list[Column]:
    columns = []
    for name in dict.fromkeys(name for row in rows for name in row.voices):
        found = [row.voices.get(name) for row in rows]
        trials = [v.verification if v else None for v in found]
        alike = [plus_minus(v.similarity, 3) if v else "" for v in found]
        columns.append([f"{name} ↑", *alike])
        confused = [_percent(t.interval if t else None) for t in trials]
        columns.append(["confused, % ↓", *confused])
    return columns


def _percent(interval: Interval | None) -> str:
    return plus_minus(interval, 1, 100.0) if interval else ""


def _milliseconds(seconds: float) -> str:
    return "" if isnan(seconds) else f"{1000 * seconds:.1f}"


def _blocks(lead: Sequence[Column], columns: Sequence[Column], edge: int) -> Iterator[str]:
    """Yield as many tables as the width asks for, each with the leading columns."""
    start = 0
    while start < len(columns):
        stop = start + 1
        while stop < len(columns) and _width([*lead, *columns[start : stop + 1]]) <= WIDTH:
            stop += 1
        yield _aligned([*lead, *columns[start:stop]], edge)
        start = stop


def _width(columns: Sequence[Column]) -> int:
    return sum(max(map(len, column)) + len(GAP) for column in columns) - len(GAP)


def _aligned(columns: Sequence[Column], edge: int) -> str:
    """Return columns side by side, names to the left, with a line below heading and controls."""
    widths = [max(map(len, column)) for column in columns]
    aligned = [
        [text.rjust(width) if k else text.ljust(width) for text in column]
        for k, (column, width) in enumerate(zip(columns, widths, strict=True))
    ]
    lines = [GAP.join(row).rstrip() for row in zip(*aligned, strict=True)]
    rule = "─" * max(map(len, lines))
    for place in sorted({1, 1 + edge} - {len(lines)}, reverse=True):
        lines.insert(place, rule)
    return "\n".join(lines)
