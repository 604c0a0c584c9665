"""Keep what was made of sounds in one file, so that tasks, heads and seeds share it.

A file of SQLite: thousands of small files would each wait for the disk, and several processes may
add to it at once. Losing it costs time only.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from pathlib import Path

import numpy as np

from vocable.errors import MeasureError
from vocable.tokens import AudioTokens, Source, TokenSpec

WAIT = 60.0  # seconds for another process that writes


class Kept:
    """Arrays by what they are of; None in the place of a path keeps them in memory."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = sqlite3.connect(path or ":memory:", timeout=WAIT, isolation_level=None)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, data BLOB)")
        except sqlite3.DatabaseError as error:
            raise MeasureError(f"{path}: {error}; remove it, it is made again") from error

    def find(self, *parts: str) -> dict[str, np.ndarray] | None:
        """Return the arrays that are kept of these parts."""
        row = self._file.execute("SELECT data FROM kept WHERE name = ?", [_name(parts)]).fetchone()
        if row is None:
            return None
        with np.load(io.BytesIO(row[0])) as arrays:
            return dict(arrays)

    def add(self, *parts: str, **arrays: np.ndarray) -> None:
        """Keep arrays."""
        data = io.BytesIO()
        np.savez(data, **arrays)  # type: ignore[arg-type]  # numpy's stubs take names for options
        row = _name(parts), data.getvalue()
        self._file.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", row)


def as_arrays(tokens: AudioTokens) -> dict[str, np.ndarray]:
    """Return the codes of tokens as arrays, with what they are as text."""
    source = tokens.source
    known = source and (source.samples, source.rate, source.channels)
    about = json.dumps({"spec": tokens.spec.to_dict(), "source": known})
    stacks = {f"level{k}": codes for k, codes in enumerate(tokens.stacks)}
    return {"about": np.array(about), **stacks}


def as_tokens(arrays: dict[str, np.ndarray]) -> AudioTokens:
    """Return the tokens that `as_arrays` took apart."""
    about = json.loads(str(arrays["about"]))
    stacks = [arrays[f"level{k}"] for k in range(len(arrays) - 1)]
    source = about["source"] and Source(*about["source"])
    return AudioTokens(TokenSpec.from_dict(about["spec"]), stacks, source=source)


def _name(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
