"""Hold what one trained probe found, as a line of JSON, so that it is trained once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vocable.evaluate.lines import LineFile, read_lines


@dataclass(frozen=True)
class Outcome:
    """What one probe found: one task, one input, one head, one seed.

    key         hash of all that decides on it
    task, set   what was asked of which recordings
    system      what was read: a tokenizer's name, "log-mel" …
    levels      which of its levels
    scores      by measure, the task's own first
    intervals   their 95 % intervals over speakers (or recordings), by measure
    usual       the same measures without hearing: what is commonest in train
    weights     of the levels, mean over frames of the test, where there are levels
    trained, tested, refused
                how many examples; `reason` is that of the first refused one
    rounds      of training until the best, mean over folds
    note        what a reader has to know
    fault       why there are no scores
    """

    key: str
    task: str
    set: str
    system: str
    levels: str
    head: str
    seed: int
    scores: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    usual: Mapping[str, float] = field(default_factory=dict)
    weights: tuple[float, ...] = ()
    trained: int = 0
    tested: int = 0
    refused: int = 0
    reason: str = ""
    rounds: float = 0.0
    note: str = ""
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return a row of the file, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", {}, ())}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Outcome:
        """Return the outcome of a row; TypeError for keys that are missing or not known."""
        intervals = {name: tuple(ends) for name, ends in row.get("intervals", {}).items()}
        emptied = {"levels": "", "head": ""}  # which may be empty, and have no default
        return cls(
            **{**emptied, **row, "weights": tuple(row.get("weights", ())), "intervals": intervals}
        )


class Store:
    """The outcomes in a file, to which one process adds; there is none before the first is added.

    Raises FormatError for lines that cannot be read; adding raises FileExistsError while another
    process adds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: LineFile | None = None
        lines = read_lines(path, Outcome.from_json) if path.exists() else ()
        self._found = {each.key: each for each in lines}

    def find(self, key: str) -> Outcome | None:
        """Return what is known under a key."""
        return self._found.get(key)

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self._file = self._file or LineFile(self._path)
        self._file.add(outcome.to_json())
        self._found[outcome.key] = outcome
