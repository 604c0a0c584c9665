"""Say numbers in as many digits as they are sure of."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vocable.evaluate.intervals import Interval
from vocable.evaluate.report.markup import Markup, tag
from vocable.measures import Measure

NONE = "–"  # where a number is missing


def heading(measure: Measure) -> str:
    """Return a measure's name with an arrow towards the better."""
    return measure.name + {"up": " ↑", "down": " ↓", None: ""}[measure.direction]


def is_known(value: float | None) -> bool:
    """Return whether there is a number to show."""
    return value is not None and math.isfinite(value)


def digits_of(intervals: Iterable[Interval], most: int) -> int:
    """Return decimals for a column: two that an interval in the middle leaves open, at most `most`.

    A mean of 3.2174 that may lie 0.3 off says no more in four digits than in two.
    """
    widths = sorted(each.high - each.low for each in intervals if is_known(each.high - each.low))
    half = widths[len(widths) // 2] / 2 if widths else 0.0
    return most if half <= 0 else min(most, max(0, 1 - math.floor(math.log10(half))))


def number(value: float | None, digits: int = 3, unit: str = "") -> Markup:
    """Return a number as it is read, and whole as its value; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return tag("span", NONE, class_="none")
    return tag("data", f"{plain(value, digits)} {unit}".rstrip(), value=repr(float(value)))


def plain(value: float | None, digits: int) -> str:
    """Return a number as text, with a true minus and without minus nought."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def span(interval: Interval, digits: int) -> str:
    """Return the ends of an interval; nothing where they are not known."""
    if not is_known(interval.low) or not is_known(interval.high):
        return ""
    return f"{plain(interval.low, digits)} … {plain(interval.high, digits)}"


def kbps(bitrate: float | None) -> str:
    """Return bit per second as kbit/s in three figures."""
    if bitrate is None or not math.isfinite(bitrate) or bitrate <= 0:
        return NONE
    kilo = bitrate / 1000
    return f"{kilo:.{min(3, max(0, 2 - math.floor(math.log10(kilo))))}f}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 set`, `3 sets`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
