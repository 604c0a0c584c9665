"""Say what of a sweep is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vocable.evaluate.sweep.asked import Asked
from vocable.evaluate.sweep.bench import Piece
from vocable.evaluate.sweep.chosen import version_of
from vocable.evaluate.sweep.clips import Found
from vocable.evaluate.sweep.pool import Job
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.store import Store
from vocable.evaluate.systems.lineup import LineUp


class Missing:
    """What is asked, and not in the store.

    listeners   recogniser and embedding, or empty; for sets of speech
    begun       keys of results that are not to be done: those that cannot be, and those that are
                given out already, since two names may stand for one system
    """

    def __init__(
        self,
        asked: Asked,
        line_up: LineUp,
        store: Store,
        listeners: tuple[str, str],
        begun: set[tuple[str, str]],
    ) -> None:
        self._asked, self._line_up, self._store = asked, line_up, store
        self._listeners, self._begun = listeners, begun
        names = {name for some in asked.measures.values() for name in some}
        self._versions = {name: version_of(name) for name in names}

    def of(self, number: int, one: Found) -> Job | None:
        """Return what is missing of a recording; None where all is known."""
        job = Job(one.clip, [], [])
        for name, _ in self._asked.systems:
            place = self._line_up.place(name, one.known.set in self._asked.speech)
            key = one.known.recording, self._asked.made_by[name][number]
            if place is not None and key not in self._begun:
                self._add(
                    job, place, self._asked.result(number, name, self._store.results.get(key))
                )
        return job if job.pieces else None

    def _add(self, job: Job, place: int, stored: Result) -> None:
        result = _current(stored, self._versions)
        listeners = self._listeners if result.set in self._asked.speech else ("", "")
        piece = Piece(place, self._asked.measures[result.set], *listeners).left(result)
        if stored.key in self._store.results and not stored.fault and piece.empty:
            return
        self._begun.add(stored.key)
        job.pieces.append(piece)
        job.results.append(result)


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
