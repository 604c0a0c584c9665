"""Hold the scores of a set as arrays, so that all systems are drawn together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from vocable.evaluate.intervals import ByOwner, Interval, bootstrap_means, ends
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.study import Study, by_recording
from vocable.evaluate.systems.system import CONTROL
from vocable.measures.registry import find

Columns = Shaped[np.ndarray, "columns recordings"]  # numbers, NaN where there is none


@dataclass(frozen=True)
class Board:
    """Scores of one set: which system got how much for which recording.

    systems   names, controls first; those that have a result in the set
    results   by system, then by recording
    owners    of the recordings, from 0; equal for recordings of one speaker
    measures  names, in the order of tables
    scores    by measure, NaN where there is none
    """

    set: str
    systems: tuple[str, ...]
    results: Mapping[str, Mapping[str, Result]]
    recordings: tuple[str, ...]
    owners: Int64[np.ndarray, "recordings"]
    measures: tuple[str, ...]
    scores: Mapping[str, Float64[np.ndarray, "systems recordings"]]

    @classmethod
    def of(cls, study: Study, of_set: str) -> Board:
        """Lay out the results of a set; their order in the study does not matter."""
        found = {system: by_recording(study.of(system, of_set)) for system in study.systems}
        found = {system: results for system, results in found.items() if results}
        systems = tuple(sorted(found, key=lambda name: family(found[name]) != CONTROL))
        speakers = {key: each.speaker for one in found.values() for key, each in one.items()}
        recordings = tuple(sorted(speakers))
        _, owners = np.unique([speakers[key] for key in recordings], return_inverse=True)
        measures = study.measures.get(of_set, ())
        scores = {
            measure: np.array([_scores(found[s], recordings, measure) for s in systems], float)
            for measure in measures
        }
        return cls(of_set, systems, found, recordings, owners, measures, scores)

    @property
    def judged(self) -> list[str]:
        """The systems that are not controls."""
        return [name for name in self.systems if family(self.results[name]) != CONTROL]

    def columns(self, measure: str, systems: Sequence[str]) -> Columns:
        """Return the scores of some systems."""
        return self.scores[measure][[self.systems.index(name) for name in systems]]

    def gains(self, measure: str, pairs: Sequence[tuple[str, str]]) -> Columns:
        """Return second - first of pairs of systems, NaN where one of them lacks a score."""
        first, second = (self.columns(measure, side) for side in zip(*pairs, strict=True))
        gains: Columns = second - first
        return gains

    def by_owner(self, columns: Columns) -> tuple[ByOwner, ByOwner]:
        """Return the sums of each owner's numbers, and how many there are."""
        known: Bool[np.ndarray, "columns recordings"] = ~np.isnan(columns)
        order = np.argsort(self.owners, kind="stable")
        starts = np.flatnonzero(np.diff(self.owners[order], prepend=-1))
        parts = (np.where(known, columns, 0.0), known.astype(float))
        sums, sizes = (np.add.reduceat(part[:, order], starts, axis=1) for part in parts)
        return sums, sizes

    def intervals(self, columns: Columns) -> list[Interval | None]:
        """Return the mean of each column with its interval over owners; None without numbers."""
        sums, sizes = self.by_owner(columns)
        low, high = ends(bootstrap_means(sums, sizes), sizes)
        counts = sizes.sum(axis=1)
        return [
            Interval(float(total / count), float(a), float(b)) if count else None
            for total, count, a, b in zip(sums.sum(axis=1), counts, low, high, strict=True)
        ]


def family(results: Mapping[str, Result]) -> str:
    """Return the family of a system by what is known of it."""
    return next(iter(results.values())).family


def sign(measure: str) -> int:
    """Return 1 if more is better, -1 if less is, 0 for a measure without a direction."""
    return {"up": 1, "down": -1, None: 0}[find(measure).direction]


def _scores(results: Mapping[str, Result], recordings: Sequence[str], measure: str) -> list[float]:
    values = (results[key].scores.get(measure) if key in results else None for key in recordings)
    return [float("nan") if value is None else value for value in values]
