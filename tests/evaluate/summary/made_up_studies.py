"""Studies with scores that are made up: who made what, and how good it is."""

from collections.abc import Mapping, Sequence

import numpy as np

from vocable.evaluate.sweep import Result, Study
from vocable.evaluate.systems import CONTROL, ORIGINAL


def result(system: str = "a", number: int = 0, **known) -> Result:
    """Return a result; its speaker is one of three unless it is given."""
    known.setdefault("family", CONTROL if system == ORIGINAL else system)
    known.setdefault("speaker", f"s{number % 3}")
    known.setdefault("set", "speech")
    known.setdefault("bits", 2000.0)
    return Result(f"{number:016x}", system, system, name=f"clip{number}", seconds=2.0, **known)


def study(results: Sequence[Result], measures: Sequence[str] = ("pesq_wb",), **known) -> Study:
    systems = tuple(dict.fromkeys(each.system for each in results))
    sets = tuple(dict.fromkeys(each.set for each in results))
    return Study(tuple(results), systems, sets, dict.fromkeys(sets, tuple(measures)), **known)


def scored(
    scores: Mapping[str, Sequence[float | None]], measure: str = "pesq_wb", **known
) -> Study:
    """Return a study of systems with a score for each recording, each its own speaker."""
    found = []
    for system, values in scores.items():
        for number, value in enumerate(values):
            kept = {"scores": {measure: value}} if value is not None else {}
            extra = {"speaker": f"s{number}", **kept, **known.get(system, {})}
            found.append(result(system, number, **extra))
    return study(found, (measure,))


def noise(count: int, seed: int = 0, spread: float = 0.1) -> np.ndarray:
    return spread * np.random.default_rng(seed).standard_normal(count)
