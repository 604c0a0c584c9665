"""Place values along an axis of a plot, with marks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = 6  # about as many fit


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, drawn from `start` to `end`; on a log axis both are above 0."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return where a value is drawn; what lies outside is drawn at the edge."""
        value = min(max(value, self.low), self.high)
        scale = math.log if self.log else float
        low, high, here = scale(self.low), scale(self.high), scale(value)
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def marks(self) -> list[tuple[float, str]]:
        """Return where marks are drawn, each with its text."""
        values = _log_marks(self.low, self.high) if self.log else _marks(self.low, self.high)
        return [(self.at(value), text) for value, text in values]


def around(values: Sequence[float], start: float, end: float) -> Axis:
    """Return an axis that holds all values with a little room, at least a point's."""
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.05 * max(abs(high), 1.0)
    return Axis(low - room, high + room, start, end)


def around_rates(values: Sequence[float], start: float, end: float) -> Axis:
    """Return a log axis that holds all values, from above 0, with room on both sides."""
    room = max(1.2, (max(values) / min(values)) ** 0.06)
    return Axis(min(values) / room, max(values) * room, start, end, log=True)


def _marks(low: float, high: float) -> list[tuple[float, str]]:
    rough = (high - low) / _MARKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(n for n in (1, 2, 5, 10) if n * power >= rough * (1 - 1e-9))
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(k * step, f"{k * step:.{digits}f}".replace("-", "−")) for k in range(first, last + 1)]


def _log_marks(low: float, high: float) -> list[tuple[float, str]]:
    """Return 1, 2 and 5 of each power of ten, more of a short axis and less of a long one."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for heads in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1,)):
        values = [head * 10.0**power for power in powers for head in heads]
        values = [value for value in values if low <= value <= high]
        if len(values) <= _MARKS + 1:
            break
    return [(value, f"{value:g}") for value in values] or _marks(low, high)
