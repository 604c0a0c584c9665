"""Choose which sounds a report holds: of some systems, the best, the median and the worst file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vocable.evaluate.sweep import Result, Study
from vocable.evaluate.systems import CONTROL
from vocable.measures.registry import find

MOST = 54  # results: each is two sounds, and more would leave each too short
PLACES = ("best", "median", "worst")


@dataclass(frozen=True)
class Pick:
    """One result whose sound a report holds, and why: its places by a measure, of `among`."""

    result: Result
    measure: str
    places: tuple[str, ...]
    among: int


def picks(study: Study) -> list[Result]:
    """Return the results whose sounds a report of this study asks for, each once."""
    return [pick.result for pick in chosen(study)]


def chosen(study: Study) -> list[Pick]:
    """Return what a report lets people hear: by set, then by system, best file first.

    Of more systems than there is room for, evenly spaced ones in the order of the study; controls
    are left out.
    """
    found = []
    systems = heard_systems(study)
    for name in study.sets:
        measure = main_measure(study, name)
        for system in systems if measure else ():
            found += _of_system(study.of(system, name), measure)
    return found


def heard_systems(study: Study) -> list[str]:
    """Return the systems that a report lets people hear."""
    systems = audible_systems(study)
    sets = len({each.set for each in study.results})
    room = max(1, MOST // (len(PLACES) * max(1, sets)))
    if len(systems) <= room:
        return systems
    last = max(1, room - 1)
    return [systems[round(k * (len(systems) - 1) / last)] for k in range(room)]


def audible_systems(study: Study) -> list[str]:
    """Return the systems that made something, controls left out."""
    made = {each.system for each in study.results if each.family != CONTROL and not each.fault}
    return [each for each in study.systems if each in made]


def main_measure(study: Study, of_set: str) -> str:
    """Return the measure that a set is judged by first: the first with values and a better side.

    Empty where there is none.
    """
    results = study.of(of_set=of_set)
    usable = (
        measure
        for measure in study.measures.get(of_set, ())
        if find(measure).direction and any(_has(each, measure) for each in results)
    )
    return next(usable, "")


def _has(result: Result, measure: str) -> bool:
    return math.isfinite(result.scores.get(measure, math.nan))


def _of_system(results: Sequence[Result], measure: str) -> list[Pick]:
    """Return the picks of one system over one set; one file may have several places."""
    sign = -1 if find(measure).direction == "up" else 1
    scored = [each for each in results if not each.fault and _has(each, measure)]
    scored.sort(key=lambda each: (sign * each.scores[measure], each.name, each.recording))
    if not scored:
        return []
    places: dict[int, list[str]] = {}
    for place, at in zip(PLACES, (0, len(scored) // 2, len(scored) - 1), strict=True):
        places.setdefault(at, []).append(place)
    return [Pick(scored[at], measure, tuple(names), len(scored)) for at, names in places.items()]
