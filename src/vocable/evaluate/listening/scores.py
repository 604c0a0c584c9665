"""Hold the scores of a listening test as one array, over listeners, trials and systems."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vocable.evaluate.listening.key import Key
from vocable.evaluate.listening.results import Rating
from vocable.evaluate.recording import Refusal


@dataclass(frozen=True)
class Scores:
    """`values` [listeners, trials, systems], NaN where there is none; trials by their names."""

    listeners: tuple[str, ...]
    trials: tuple[str, ...]
    systems: tuple[str, ...]
    values: Float64[np.ndarray, "listeners trials systems"]

    def of(self, system: str) -> Float64[np.ndarray, "listeners trials"]:
        """Return the scores of one system."""
        return self.values[:, :, self.systems.index(system)]

    def without(self, listeners: Container[str]) -> Scores:
        """Return the scores of the other listeners."""
        kept = [n for n, who in enumerate(self.listeners) if who not in listeners]
        names = tuple(self.listeners[n] for n in kept)
        return Scores(names, self.trials, self.systems, self.values[kept])


def arrange(
    ratings: Mapping[tuple[str, str, str], Rating], key: Key
) -> tuple[Scores, list[Refusal]]:
    """Return the scores of all trials that a listener rated whole, and who lacks some.

    A trial counts only where all of its stimuli are rated, since each is rated against the others.
    """
    listeners = sorted({who for who, _, _ in ratings})
    values = np.full((len(listeners), len(key.trials), len(key.systems)), np.nan)
    incomplete = []
    for row, who in zip(values, listeners, strict=True):
        missing = 0
        for at, (trial, keyed) in enumerate(key.trials.items()):
            found = [ratings.get((who, trial, stimulus)) for stimulus in keyed.stimuli]
            if None in found:
                missing += 1
                continue
            for rating in filter(None, found):
                row[at, key.systems.index(keyed.stimuli[rating.stimulus])] = rating.score
        if missing:
            whole = len(key.trials) - missing
            why = f"rated {whole} of {len(key.trials)} trials whole; only those count"
            incomplete.append(Refusal(who, why))
    some = [n for n in range(len(listeners)) if not np.isnan(values[n]).all()]
    names = tuple(keyed.name for keyed in key.trials.values())
    return Scores(tuple(listeners[n] for n in some), names, key.systems, values[some]), incomplete
