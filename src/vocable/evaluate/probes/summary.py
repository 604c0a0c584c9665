"""Join the seeds of probes: mean and deviation, one row for each task, input and head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vocable.evaluate.probes.outcome import Outcome


@dataclass(frozen=True)
class Row:
    """What the seeds of one probe come to, in one measure.

    mean, deviation   over `seeds` (NaN of one); the deviation is the sample's, n - 1
    low, high         95 % over speakers, mean over seeds of each seed's; NaN for one speaker alone
    usual             without hearing
    """

    task: str
    set: str
    system: str
    levels: str
    head: str
    measure: str
    mean: float
    deviation: float
    low: float
    high: float
    usual: float
    seeds: int
    trained: int
    tested: int
    refused: int
    weights: tuple[float, ...]
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a row of a table; None for what is not a number."""
        values = {**self.__dict__, "weights": list(self.weights)}
        return {k: None if isinstance(v, float) and v != v else v for k, v in values.items()}


def summarise(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return a row of each measure, in the order of the outcomes; those with faults have none."""
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for each in outcomes:
        if not each.fault:
            key = (each.task, each.set, each.system, each.levels, each.head)
            groups.setdefault(key, []).append(each)
    return [_row(own, measure) for own in groups.values() for measure in own[0].scores]


def _row(own: Sequence[Outcome], measure: str) -> Row:
    first, nothing = own[0], (float("nan"), float("nan"))
    values = np.array([each.scores[measure] for each in own])
    ends = np.mean([each.intervals.get(measure, nothing) for each in own], axis=0)
    weights = tuple(float(w) for w in np.mean([each.weights for each in own], axis=0))
    return Row(
        *(first.task, first.set, first.system, first.levels, first.head, measure),
        mean=float(values.mean()),
        deviation=float(values.std(ddof=1)) if len(own) > 1 else float("nan"),
        low=float(ends[0]),
        high=float(ends[1]),
        usual=first.usual.get(measure, float("nan")),
        seeds=len(own),
        trained=first.trained,
        tested=first.tested,
        refused=first.refused,
        weights=weights,
        note=first.note,
    )
