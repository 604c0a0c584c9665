"""Hold the one table of measures, and compute scores by it.

`vocable roundtrip`, held-out judging, the benchmarks and docs/measures.md all read `REGISTRY`; a
measure that is registered appears in them without another edit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from vocable.errors import MeasureError
from vocable.measures.checks import Signal, named
from vocable.measures.measure import Measure, compute, failures

REGISTRY: dict[str, Measure] = {}  # by name; `register` adds to it


def register(measure: Measure) -> Measure:
    """Add a measure to `REGISTRY` and return it; MeasureError if its name is taken."""
    if measure.name in REGISTRY:
        raise MeasureError(
            f'a measure "{measure.name}" is registered already; take another name, '
            f'or del REGISTRY["{measure.name}"] first'
        )
    REGISTRY[measure.name] = measure
    return measure


def default_measures() -> list[Measure]:
    """Return the measures that roundtrip and held-out judging compute, in the table's order."""
    return [measure for measure in REGISTRY.values() if measure.default]


def score(measure: str | Measure, reference: Signal | None, degraded: Signal, rate: int) -> float:
    """Return what a measure, or the registered measure of a name, says of `degraded`.

    Takes what `compute` takes; a measure without a reference ignores `reference`.
    """
    chosen = find(measure)
    with failures(chosen):
        value = float(compute(chosen, reference, degraded, rate))
    if not math.isfinite(value):
        raise MeasureError(f"{chosen.name} gave {value} for this clip; leave it out")
    return value


def score_all(
    measures: Iterable[str | Measure], reference: Signal | None, degraded: Signal, rate: int
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the scores by name, and for those that cannot be computed the reason by name.

    Takes what `score` takes; a name that is not registered raises MeasureError.
    """
    scores: dict[str, float] = {}
    unscored: dict[str, str] = {}
    for chosen in map(find, measures):
        try:
            scores[chosen.name] = score(chosen, reference, degraded, rate)
        except MeasureError as error:
            unscored[chosen.name] = str(error)
    return scores, unscored


def find(measure: str | Measure) -> Measure:
    """Return a measure by its name; MeasureError with the nearest for an unknown one."""
    return measure if isinstance(measure, Measure) else named(REGISTRY, measure, "measure")
