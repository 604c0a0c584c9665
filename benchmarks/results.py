"""Look up what judges said of systems, and say how sure the means are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.judging import Row
from benchmarks.scores import common, gain, valid
from vocable.evaluate import Interval, bootstrap_interval


@dataclass(frozen=True)
class Results:
    """Rows of any kind, set and condition."""

    rows: Sequence[Row]

    def of(
        self, kind: str = "scores", clips: str = "speech", condition: str = "clean"
    ) -> "Results":
        """Return the rows of one kind, set and condition."""
        key = (kind, clips, condition)
        return Results([r for r in self.rows if (r.kind, r.clips, r.condition) == key])

    def systems(self) -> list[str]:
        """Return the systems in the order in which they came."""
        return list(dict.fromkeys(row.system for row in self.rows))

    def by(self, system: str) -> list[Row]:
        """Return the rows of one system, by clip."""
        return sorted((r for r in self.rows if r.system == system), key=lambda r: r.clip)

    def values(self, system: str, measure: str) -> np.ndarray:
        """Return what the measure says where it is defined."""
        return valid(self.by(system), measure)

    def mean(self, system: str, measure: str) -> Interval | None:
        """Return the mean with its interval over speakers; None where no clip has a value."""
        rows = [row for row in self.by(system) if row.measures.get(measure) is not None]
        values = np.array([row.measures[measure] for row in rows], float)
        return bootstrap_interval(values, [row.speaker for row in rows]) if rows else None

    def gain(self, before: str, after: str, measure: str) -> Interval | None:
        """Return the paired difference after − before; None where no clip has both."""
        rows = sorted((*self.by(before), *self.by(after)), key=lambda row: row.clip)
        return gain(rows, before, after, measure) if common(rows, before, after, measure) else None

    def change(self, system: str, before: str, after: str, measure: str) -> Interval | None:
        """Return the paired difference of one system between two conditions of clean speech."""
        rows = [
            replace(row, system=condition)
            for condition in (before, after)
            for row in self.of(condition=condition).by(system)
        ]
        return Results(rows).gain(before, after, measure)


def shown(interval: Interval | None, digits: int = 3, signed: bool = False) -> str:
    """Return an interval as a cell of a table."""
    if interval is None:
        return "–"
    sign = "+" if signed else ""
    mean, low, high = (
        f"{value:{sign}.{digits}f}" for value in (interval.mean, interval.low, interval.high)
    )
    return f"{mean} [{low}, {high}]"
