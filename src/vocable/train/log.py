"""Keep what a run reports: one JSON object a line in `log.jsonl`.

A resumed run first drops the lines after its checkpoint, so that the log reads as if nothing had
happened.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Log:
    """Lines of `log.jsonl` in the folder of a run, each with its `step` and `kind`."""

    def __init__(self, folder: Path, step: int) -> None:
        path = folder / "log.jsonl"
        kept = [line for line in _lines(path) if line["step"] <= step]
        self._file = path.open("w", encoding="utf-8")
        for line in kept:
            self._put(line)

    def write(self, kind: str, step: int, **values: Any) -> dict[str, Any]:
        """Append one line, at once, and return it."""
        line = {"kind": kind, "step": step, **_plain(values)}
        self._put(line)
        return line

    def close(self) -> None:
        self._file.close()

    def _put(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a log; the last may be cut where the run was killed."""
    found = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return found


def _plain(value: Any) -> Any:
    """Round floats to six digits: a log is for reading."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
