"""Keep which opaque id of a listening test is which system, apart from what listeners get."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from vocable.atomic import replacing
from vocable.errors import MeasureError
from vocable.fitting import fit


@dataclass(frozen=True)
class KeyedTrial:
    """One trial: the name of its recording, and the system of each stimulus.

    gains    dB by which each system was made louder, for equal loudness
    delays   seconds by which each system came late, which were put right
    """

    name: str
    stimuli: dict[str, str]
    gains: dict[str, float]
    delays: dict[str, float]


@dataclass(frozen=True)
class Key:
    """A test's key. `version` is that of the page; `trials` are by opaque id."""

    test: str
    version: int
    systems: tuple[str, ...]
    trials: dict[str, KeyedTrial]

    def save(self, path: Path) -> None:
        """Write it as JSON; an existing file raises FileExistsError."""
        with replacing(path) as fresh:
            fresh.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> Key:
        """Read a key; MeasureError for a file that is none."""
        try:
            table = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as error:  # not UTF-8, or not JSON
            raise MeasureError(f"{path} is not the key of a listening test: {error}") from error
        if not isinstance(table, dict):
            raise MeasureError(f"{path} is not the key of a listening test; name the key.json")
        key = fit(cls, table, f"{path}: the key", MeasureError)
        known = {system for trial in key.trials.values() for system in trial.stimuli.values()}
        if not known <= set(key.systems):
            raise MeasureError(f"{path}: the key has stimuli of systems that it does not list")
        return key
