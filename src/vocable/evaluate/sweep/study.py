"""Hold all that a sweep found, and how: what tables and reports are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vocable.evaluate.sweep.result import Result


@dataclass(frozen=True)
class Study:
    """The results of a sweep, one of each recording in each system, and what was asked.

    systems    names, in the order in which they were asked for; controls have the family "control"
    sets       names, in order
    speech     those sets that are of speech
    measures   names, in the order of tables, by set
    about      facts of the run by name: version, machine, command, date …
    texts      what is said, by recording (its hash), where it is known
    """

    results: tuple[Result, ...]
    systems: tuple[str, ...]
    sets: tuple[str, ...]
    measures: dict[str, tuple[str, ...]]
    speech: frozenset[str] = frozenset()
    about: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def of(self, system: str | None = None, of_set: str | None = None) -> Sequence[Result]:
        """Return the results of one system, or of one set, or of both."""
        return [
            each
            for each in self.results
            if system in (None, each.system) and of_set in (None, each.set)
        ]

    def families(self) -> dict[str, list[str]]:
        """Return the systems of each family, in order."""
        found: dict[str, list[str]] = {}
        known = {each.system: each.family for each in self.results}
        for system in self.systems:
            if system in known:
                found.setdefault(known[system], []).append(system)
        return found

    def asked(self, of_set: str) -> int:
        """Return how many recordings of a set there are."""
        return len({each.recording for each in self.results if each.set == of_set})


def by_recording(results: Iterable[Result]) -> dict[str, Result]:
    """Return results of one system by recording."""
    return {each.recording: each for each in results}
