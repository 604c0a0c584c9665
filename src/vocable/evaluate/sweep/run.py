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
from vocable.evaluate.sweep.bench import Piece
from vocable.evaluate.sweep.chosen import measures_of, named, version_of
from vocable.evaluate.sweep.clips import LONGEST, Found, look, reason_of, speech_sets
from vocable.evaluate.sweep.keys import key_of
from vocable.evaluate.sweep.pool import Job, Pool
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.store import Store
from vocable.evaluate.sweep.study import ORIGINAL, Study
from vocable.evaluate.sweep.system import System
from vocable.measures import load_embedding, load_recogniser

LIMIT = 120.0  # seconds
LOOKING = 0.05  # of the work, as `progress` has it

Progress = Callable[[float, Result | None], None]
"""Called with the share of the work that is done, and with what was found of one recording."""


def sweep(
    systems: Sequence[System],
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
    check(systems, clips, measures, words, voices)
    with Store(folder) as store:
        report = progress or (lambda share, result: None)
        found = look(clips, lambda share: report(LOOKING * share, None))
        asked, broken = _ask(systems, found, measures, about or {})
        store.ask(asked)
        for result in broken:
            store.add(result)
            report(LOOKING, result)
        jobs = _missing(asked, found, store, {each.key for each in broken}, (words, voices))
        total = max(1, sum(len(job.pieces) for job in jobs))
        with Pool(systems, store.folder, processes, limit, prepare) as pool:
            for done, result in enumerate(pool.do(jobs), 1):
                store.add(result)
                report(LOOKING + (1 - LOOKING) * done / total, result)
        return asked.study(store.results)


def check(
    systems: Sequence[System],
    clips: Sequence[Clip],
    measures: Sequence[str] | str | None,
    words: str,
    voices: str,
) -> None:
    """Raise MeasureError for what cannot be done at all, as far as that can be known at once."""
    if not systems or not clips:
        raise MeasureError(
            f"a sweep needs systems and recordings, got {len(systems)} and {len(clips)}"
        )
    names = [system.name for system in systems]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise MeasureError(f'two systems are named "{min(twice)}"; give each its own name')
    if (words or voices) and ORIGINAL not in names:
        raise MeasureError(
            f'words and voices are compared with those of "{ORIGINAL}"; add it to the systems'
        )
    named(measures)
    if words:
        load_recogniser(words)
    if voices:
        load_embedding(voices)


def _ask(
    systems: Sequence[System],
    found: Sequence[Found],
    measures: Sequence[str] | str | None,
    about: Mapping[str, str],
) -> tuple[Asked, list[Result]]:
    """Return what is asked, and the results of what cannot even begin."""
    speech = speech_sets(found)
    sets = list(dict.fromkeys(one.known.set for one in found))
    chosen = measures_of(measures, sets, speech)
    known, named = tuple(o.known for o in found), tuple((s.name, s.family) for s in systems)
    faults: list[tuple[int, str, str]] = []
    made_by: dict[str, list[str]] = {system.name: [] for system in systems}
    for system in systems:
        for number, one in enumerate(found):
            identity = {"fault": one.fault} if one.fault else _identity(system, one)
            made_by[system.name].append(key_of(identity))
            if fault := one.fault or identity.get("fault"):
                faults.append((number, system.name, fault))
    asked = Asked(known, named, made_by, chosen, speech, {**_about(found), **about})
    return asked, [replace(asked.result(n, name), fault=why) for n, name, why in faults]


def _identity(system: System, one: Found) -> Mapping[str, Any]:
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


def _missing(
    asked: Asked,
    found: Sequence[Found],
    store: Store,
    begun: set[tuple[str, str]],
    listeners: tuple[str, str],
) -> list[Job]:
    """Return what is not known yet, recording by recording.

    begun: what cannot be done; what is given out is added, as systems may be one under two names.
    """
    versions = {name: version_of(name) for names in asked.measures.values() for name in names}
    jobs = []
    for number, one in enumerate(found):
        pieces, results = [], []
        for place, (name, _) in enumerate(asked.systems):
            key = one.known.recording, asked.made_by[name][number]
            stored = store.results.get(key)
            if key in begun:
                continue
            piece = Piece(place, asked.measures[one.known.set], *listeners)
            result = _current(asked.result(number, name, stored), versions)
            left = piece.left(result)
            if stored is None or stored.fault or not left.empty:
                begun.add(key)
                pieces.append(left)
                results.append(result)
        if pieces:
            jobs.append(Job(one.clip, pieces, results))
    return jobs


def _current(result: Result, versions: Mapping[str, str]) -> Result:
    """Return a result without what another version of a measure said."""
    old = {n for n, version in result.versions.items() if versions.get(n, version) != version}

    def kept(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in old}

    return replace(
        result,
        scores=kept(result.scores),
        unscored=kept(result.unscored),
        versions=kept(result.versions),
    )
