"""Codes of the rows of a prepared set, kept in the folder of a run: a resumed one encodes none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vocable.atomic import replacing
from vocable.errors import VocableError
from vocable.speak.prepare.set import PreparedSet, Row

KEPT = "codes.npz"
_SPACE = "space of the codec"  # a key that is not a file's name


def codes_of_rows(
    rows: Sequence[Row], found: PreparedSet, encode: Callable[[Path], np.ndarray], space: str,
    folder: Path,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:  # fmt: skip
    """Return the codes of recordings by the rows' names, and why others have none.

    encode: makes them of a file. space: of the codec; what was kept of another is made anew.
    """
    codes, left_out = _read_kept(folder / KEPT, space), {}
    fresh = [row for row in rows if row.file_name not in codes]
    for row in fresh:
        try:
            codes[row.file_name] = encode(found.path(row))
        except (VocableError, OSError) as error:
            left_out[row.file_name] = str(error)
    if len(left_out) < len(fresh):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / KEPT, overwrite=True) as path, path.open("wb") as file:
            kept: dict[str, Any] = {_SPACE: np.array(space), **codes}
            np.savez_compressed(file, **kept)
    return codes, left_out


def _read_kept(path: Path, space: str) -> dict[str, np.ndarray]:
    """Return codes that were kept; none of another codec, or from a damaged file."""
    try:
        with np.load(path) as kept:
            found = {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError):
        return {}
    return found if str(found.pop(_SPACE, "")) == space else {}


def rows_before(row: Row, rows: Sequence[Row], count: int) -> list[str]:
    """Return the names of the rows of the same source and split before one, the last ones."""
    same = [
        each.file_name
        for each in rows
        if (each.source, each.split) == (row.source, row.split) and each.begin < row.begin
    ]
    return same[len(same) - min(count, len(same)) :]
