"""Draw quality over bitrate: systems as points joined by family, controls as lines."""

from __future__ import annotations

from collections.abc import Sequence

from vocable.evaluate.intervals import Interval
from vocable.evaluate.report import marks
from vocable.evaluate.report.axes import Axis, around, around_rates
from vocable.evaluate.report.figures import is_known, kbps, plain, span
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.summary.values import Row
from vocable.evaluate.systems import CONTROL
from vocable.measures import Measure

_WIDTH, _HEIGHT = 400.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 18.0, 10.0, 40.0
_REACH = 3.0  # times as far beyond the points as they span, controls are drawn
_APART = 12.0  # between letters of controls, at least
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Plot:
    """What is drawn of one set by one measure, of the rows that have a value of it.

    families   numbers by name, the same in all plots of a page
    """

    def __init__(self, kind: Measure, rows: Sequence[Row], families: dict[str, int]) -> None:
        self.kind, self.families = kind, families
        self.rows = [row for row in rows if _has_mean(row, kind.name)]
        self.controls = [row for row in self.rows if row.family == CONTROL]
        others = [row for row in self.rows if row.family != CONTROL]
        self.points = [row for row in others if row.bitrate and is_known(row.bitrate)]
        self.lines = [row for row in self.controls if self._is_near(row)]

    def interval(self, row: Row) -> Interval:
        """Return the interval of a row."""
        return row.cells[self.kind.name].interval

    def without_rate(self) -> list[str]:
        """Return the systems that have values but no bitrate, and so no point."""
        drawn = {row.system for row in (*self.points, *self.controls)}
        return [row.system for row in self.rows if row.system not in drawn]

    def draw(self, title: str) -> Markup:
        """Return the plot as SVG with a legend; there has to be a point."""
        x = around_rates([_kilo(row) for row in self.points], _LEFT, _WIDTH - _RIGHT)
        y = around(self._heights(), _HEIGHT - _BOTTOM, _TOP)
        inside = [_grid(x, y), *self._controls(y), *self._families(x, y)]
        size = f"0 0 {_WIDTH:g} {_HEIGHT:g}"
        svg = tag("svg", *inside, viewBox=size, class_="plot", role="img", aria_label=title)
        return tag("figure", tag("figcaption", title), svg, self._legend())

    def _heights(self, *, lines: bool = True) -> list[float]:
        found = [self.interval(row) for row in self.points]
        every = [end for each in found for end in (each.mean, each.low, each.high)]
        every += [self.interval(row).mean for row in self.lines] if lines else []
        return [value for value in every if is_known(value)]

    def _is_near(self, row: Row) -> bool:
        """Return whether a control is not so far from all points that it would press them flat."""
        heights = self._heights(lines=False) or [0.0]
        low, high = min(heights), max(heights)
        reach = _REACH * (high - low)
        return low - reach <= self.interval(row).mean <= high + reach

    def _controls(self, y: Axis) -> list[Markup]:
        heights = [y.at(self.interval(row).mean) for row in self.lines]
        ends = (_LEFT, _WIDTH - _RIGHT)
        lines = [marks.level(n, ends, height) for n, height in enumerate(heights)]
        return lines + [
            tag("text", _letter(n), x=_WIDTH - _RIGHT + 4, y=f"{height + 4:.1f}")
            for n, height in enumerate(_moved_apart(heights))
        ]

    def _families(self, x: Axis, y: Axis) -> list[Markup]:
        drawn: list[Markup] = []
        for name, number in self.families.items():
            rows = sorted((row for row in self.points if row.family == name), key=_kilo)
            places = [(x.at(_kilo(row)), y.at(self.interval(row).mean)) for row in rows]
            if len(rows) > 1:
                path = " ".join(f"{left:.1f},{height:.1f}" for left, height in places)
                drawn.append(tag("polyline", points=path, class_=f"joined {marks.colour(number)}"))
            for row, place in zip(rows, places, strict=True):
                drawn.append(self._whisker(row, place[0], y, number))
                drawn.append(marks.point(number, *place, self._title(row)))
        return drawn

    def _whisker(self, row: Row, x: float, y: Axis, number: int) -> Markup:
        found = self.interval(row)
        if not is_known(found.low) or not is_known(found.high):
            return Markup()
        low, high = y.at(found.low), y.at(found.high)
        path = f"M{x - 3:.1f},{low:.1f}h6M{x:.1f},{low:.1f}V{high:.1f}M{x - 3:.1f},{high:.1f}h6"
        return tag("path", d=path, class_=f"whisker {marks.colour(number)}")

    def _title(self, row: Row) -> str:
        found = self.interval(row)
        ends = span(found, self.kind.digits)
        value = self._mean(row) + (f" ({ends})" if ends else "")
        return f"{row.system}: {value} at {kbps(row.bitrate)} kbit/s"

    def _mean(self, row: Row) -> str:
        return plain(self.interval(row).mean, self.kind.digits)

    def _legend(self) -> Markup:
        here = {row.family: row.system for row in self.points}
        alone = {name for name in here if sum(row.family == name for row in self.points) == 1}
        entries: list[tuple[str, ...]] = [
            (marks.swatch(marks.point(number, 13.0, 6.0)), here[name] if name in alone else name)
            for name, number in self.families.items()
            if name in here
        ]
        entries += [
            (marks.swatch(marks.level(n, (0.0, 26.0), 6.0)), f"{_letter(n)}: {row.system}")
            for n, row in enumerate(self.lines)
        ]
        entries += [
            (f"{row.system}: {self._mean(row)}, beyond",)
            for row in self.controls
            if row not in self.lines
        ]
        return tag("ul", *(tag("li", *entry) for entry in entries), class_="legend")


def _has_mean(row: Row, measure: str) -> bool:
    return measure in row.cells and is_known(row.cells[measure].interval.mean)


def _kilo(row: Row) -> float:
    return (row.bitrate or 0.0) / 1000


def _letter(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else str(number)


def _moved_apart(heights: list[float]) -> list[float]:
    """Return heights in pixels at which letters do not overlap, in order, none above the plot."""
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    moved, lowest = list(heights), _HEIGHT
    for n in reversed(order):  # from the bottom up, as low as they may be
        moved[n] = min(heights[n], lowest)
        lowest = moved[n] - _APART
    highest = _TOP
    for n in order:  # back down from the top
        moved[n] = max(moved[n], highest)
        highest = moved[n] + _APART
    return moved


def _grid(x: Axis, y: Axis) -> Markup:
    """Return the axes: lines at round values with their texts, and what the rate is in."""
    parts = []
    for height, text in y.marks():
        parts.append(tag("path", d=f"M{x.start},{height:.1f}H{x.end}", class_="grid"))
        parts.append(tag("text", text, x=x.start - 5, y=f"{height + 4:.1f}", text_anchor="end"))
    for left, text in x.marks():
        parts.append(tag("path", d=f"M{left:.1f},{y.start}V{y.end}", class_="grid"))
        parts.append(tag("text", text, x=f"{left:.1f}", y=y.start + 15, text_anchor="middle"))
    middle = (x.start + x.end) / 2
    parts.append(tag("text", "kbit/s", x=middle, y=y.start + 31, text_anchor="middle"))
    return tag("g", joined(parts))
