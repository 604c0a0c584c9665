"""Run a sweep: systems over recordings, of which only what is not known yet is done."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.sweep.asked import Asked
from vocable.evaluate.sweep.chosen import measures_of, named
from vocable.evaluate.sweep.clips import Found, look, reason_of, speech_sets
from vocable.evaluate.sweep.keys import key_of
from vocable.evaluate.sweep.missing import Missing
from vocable.evaluate.sweep.pool import Pool
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.store import Store
from vocable.evaluate.sweep.study import Study
from vocable.evaluate.systems.lineup import LineUp, Systems
from vocable.evaluate.systems.named_files import DecodedFiles, TokenFiles, check_names
from vocable.evaluate.systems.system import LONGEST, ORIGINAL, System
from vocable.measures import load_embedding, load_recogniser

LIMIT = 120.0  # seconds
LOOKING = 0.05  # of the work, as `progress` has it

Progress = Callable[[float, Result | None], None]
"""Called with the share of the work that is done, and with what was found of one recording."""


def sweep(
    systems: Systems,
    clips: Sequence[Clip],
    folder: str | os.PathLike[str],
    *,
    measures: Sequence[str] | str | None = None,
    words: str = "",
    voices: str = "",
    processes: int = 1,
    limit: float = LIMIT,
    progress: Progress | None = None,
    about: Mapping[str, str] | None = None,
    prepare: Callable[[], None] | None = None,
) -> Study:
    """Judge systems by recordings; keep all that is found in `folder`, and do only what is missing.

    Of recordings longer than 30 s the first 30 s are judged. Scores are of both recordings at the
    rate of the reference, where a measure has none of its own, so that all systems are judged
    alike. A recording that cannot be read, and one of which a system makes nothing, is a result
    with a fault; faults of an earlier run are tried again.

    systems    those for all sets, or a function that returns those for speech (True) or other sound
    clips      `Clip.set` says which set each belongs to
    measures   names, or "all", or None for a usual choice: see `measures_of`
    words      a recogniser by its name: what it hears is kept; voices: an embedding, likewise. The
               recordings as they are then have to be among the systems, under the name "original"
    processes  how many work at a time, each on one thread
    limit      seconds that a system may take for one recording, and a measure for one score
    about      facts for `Study.about`
    prepare    a function of a module that is called first in each process

    Raises MeasureError for what cannot be done at all, before anything is done; FileExistsError
    while another process has the folder; VocableError where no process can be started.
    """
    line_up = check(systems, clips, measures, words, voices)
    with Store(folder) as store:
        report = progress or (lambda share, result: None)
        found = look(clips, lambda share: report(LOOKING * share, None))
        asked, broken = _ask(line_up, found, measures, about or {})
        store.ask(asked)
        for result in broken:
            store.add(result)
            report(LOOKING, result)
        missing = Missing(asked, line_up, store, (words, voices), {each.key for each in broken})
        jobs = [job for number, one in enumerate(found) if (job := missing.of(number, one))]
        total = max(1, sum(len(job.pieces) for job in jobs))
        with Pool(line_up.every, store.folder, processes, limit, prepare) as pool:
            for done, result in enumerate(pool.do(jobs), 1):
                store.add(result)
                report(LOOKING + (1 - LOOKING) * done / total, result)
        return asked.study(store.results)


def check(
    systems: Systems,
    clips: Sequence[Clip],
    measures: Sequence[str] | str | None,
    words: str,
    voices: str,
) -> LineUp:
    """Raise MeasureError for what cannot be done at all, as far as that can be known at once."""
    line_up = LineUp.of(systems)
    if not clips:
        raise MeasureError("a sweep needs recordings, got none")
    if any(isinstance(system, TokenFiles | DecodedFiles) for system in line_up.every):
        check_names(clips)
    if (words or voices) and None in (line_up.place(ORIGINAL, each) for each in (True, False)):
        raise MeasureError(
            f'words and voices are compared with those of "{ORIGINAL}"; add it to the systems'
        )
    named(measures)
    if words:
        load_recogniser(words)
    if voices:
        load_embedding(voices)
    return line_up


def _ask(
    line_up: LineUp,
    found: Sequence[Found],
    measures: Sequence[str] | str | None,
    about: Mapping[str, str],
) -> tuple[Asked, list[Result]]:
    """Return what is asked, and the results of what cannot even begin."""
    speech = speech_sets(found)
    sets = list(dict.fromkeys(one.known.set for one in found))
    made_by: dict[str, list[str]] = {}
    faults: list[tuple[int, str, str]] = []
    for name, _ in line_up.names():
        made_by[name] = []
        for number, one in enumerate(found):
            place = line_up.place(name, one.known.set in speech)
            identity = {} if place is None else _identity(line_up.every[place], one)
            made_by[name].append(key_of(identity) if identity else "")
            if fault := identity.get("fault"):
                faults.append((number, name, fault))
    asked = Asked(
        tuple(one.known for one in found),
        line_up.names(),
        made_by,
        measures_of(measures, sets, speech),
        speech,
        {**_about(found), **about},
    )
    return asked, [replace(asked.result(n, name), fault=why) for n, name, why in faults]


def _identity(system: System, one: Found) -> Mapping[str, Any]:
    if one.fault:
        return {"fault": one.fault}
    try:
        return system.identity(one.known.name)
    except Exception as error:  # a file that belongs to the recording may be missing
        return {"system": system.name, "fault": reason_of(error)}


def _about(found: Sequence[Found]) -> dict[str, str]:
    cut = sum(one.known.seconds >= LONGEST for one in found)
    longest = {"judged": f"the first {LONGEST:g} s of {cut} recordings"} if cut else {}
    return {
        "vocable": importlib.metadata.version("vocable"),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}, "
        f"Python {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
        **longest,
    }
