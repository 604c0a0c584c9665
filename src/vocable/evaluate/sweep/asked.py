"""Hold what a sweep was asked: recordings, systems and measures; so that it can be read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.study import Study

FORMAT = 1


@dataclass(frozen=True)
class Known:
    """A recording of a sweep, under the names that `Result` has.

    text     the words that are said, if they are known and all of the recording is judged
    """

    recording: str
    name: str
    set: str
    speaker: str
    seconds: float
    text: str = ""


@dataclass(frozen=True)
class Asked:
    """What was asked of a sweep.

    systems   name and family of each
    made_by   by system, the hash of its identity for each of the recordings; empty where it does
              not judge the set
    """

    recordings: tuple[Known, ...]
    systems: tuple[tuple[str, str], ...]
    made_by: Mapping[str, Sequence[str]]
    measures: dict[str, tuple[str, ...]]
    speech: frozenset[str]
    about: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return what study.json holds."""
        return {"format": FORMAT} | asdict(self) | {"speech": sorted(self.speech)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Asked:
        """Return what study.json holds; TypeError or KeyError where it is something else."""
        return cls(
            tuple(Known(**each) for each in found["recordings"]),
            tuple((name, family) for name, family in found["systems"]),
            found["made_by"],
            {of_set: tuple(names) for of_set, names in found["measures"].items()},
            frozenset(found["speech"]),
            found["about"],
        )

    def result(self, number: int, system: str, found: Result | None = None) -> Result:
        """Return what is known of a recording in a system, under the names of this sweep."""
        one, made_by = self.recordings[number], self.made_by[system][number]
        names: dict[str, Any] = {**asdict(one), "system": system}
        names |= {"family": dict(self.systems)[system]}
        del names["text"]
        return replace(found, **names) if found else Result(made_by=made_by, **names)

    def _shown(self, result: Result) -> Result:
        """Return a result without measures that are not asked for now."""
        other = result.versions.keys() - set(self.measures[result.set])

        def kept(values: Mapping[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in values.items() if name not in other}

        asked: dict[str, Any] = {
            name: kept(getattr(result, name)) for name in ("scores", "unscored", "versions")
        }
        return replace(result, **asked)

    def study(self, results: Mapping[tuple[str, str], Result]) -> Study:
        """Return the study of what was found by now."""
        found = [
            self._shown(self.result(number, system, results[key]))
            for number, one in enumerate(self.recordings)
            for system, _ in self.systems
            if (key := (one.recording, self.made_by[system][number])) in results
        ]
        return Study(
            tuple(found),
            tuple(name for name, _ in self.systems),
            tuple(dict.fromkeys(one.set for one in self.recordings)),
            self.measures,
            self.speech,
            self.about,
            {one.recording: one.text for one in self.recordings if one.text},
        )
