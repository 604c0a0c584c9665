"""Keep what a run reports: one JSON object a line in `log.jsonl`, and TensorBoard beside it.

A resumed run first drops the lines after its checkpoint, so that the log reads as that of a run
that was never interrupted.
"""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np

_logger = logging.getLogger(__name__)


class Log:
    """Lines of `log.jsonl` in the folder of a run, each with its `step` and `kind`.

    `write` says whether this process writes at all. `board` asks for TensorBoard: the attribute
    `board` is its writer, or None where it was not asked for or is not installed.
    """

    def __init__(self, folder: Path, step: int, *, write: bool = True, board: bool = False) -> None:
        path = folder / "log.jsonl"
        kept = [line for line in _lines(path) if line["step"] <= step]
        self._file = path.open("w", encoding="utf-8") if write else None
        self.board = _board(folder / "tensorboard", step) if write and board else None
        for line in kept:
            self._append(line)

    def write(self, kind: str, step: int, **values: Any) -> dict[str, Any]:
        """Append one line, at once, and return it."""
        line = {"kind": kind, "step": step, **_plain(values)}
        self._append(line)
        if self.board:
            for name, number in _numbers(kind, values):
                self.board.add_scalar(name, number, step)
            if "verdict" in values:
                self.board.add_text("verdict", values["verdict"], step)
        return line

    def close(self) -> None:
        """Close the files."""
        for file in (self._file, self.board):
            if file:
                file.close()

    def _append(self, line: dict[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def _board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        _logger.info('for TensorBoard: pip install "vocable[train]"')
        return None
    return SummaryWriter(str(folder), purge_step=step + 1)


def _numbers(name: str, value: Any) -> list[tuple[str, float]]:
    """Return the numbers in nested values, by path; those of a list by their index."""
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _numbers(f"{name}/{key}", item)]
    if isinstance(value, list):
        return [pair for i, item in enumerate(value) for pair in _numbers(f"{name}/{i}", item)]
    return [(name, float(value))] if isinstance(value, int | float) else []


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the complete lines of a log; the last is cut where the run was killed in it."""
    found = []
    texts = (
        path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    )
    for number, text in enumerate(texts, 1):
        try:
            line = json.loads(text)
            line["step"] + 0  # a number
        except (ValueError, TypeError, KeyError):
            if number < len(texts):
                _logger.warning("%s: line %d is damaged; it is left out", path, number)
            continue
        found.append(line)
    return found


def _plain(value: Any) -> Any:
    """Round floats to six digits, for reading; JSON has no numbers that are not finite: null."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
