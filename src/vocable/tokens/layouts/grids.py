"""Refuse grids that are not those of a layout, naming the first position that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...arrays import to_numpy
from ...errors import TokenError
from ..positions import EMPTY, Positions


def take_grid(name: str, grid: Any, rows: int) -> np.ndarray:
    """Return integers `[streams, rows, steps]`; TokenError for anything else."""
    found = to_numpy(grid)
    if found.ndim != 3 or found.dtype.kind not in "iu":
        raise TokenError(
            f"a grid must be integers [streams, rows, steps], got {found.dtype} "
            f"of shape {list(found.shape)}"
        )
    if found.shape[1] != rows:
        raise TokenError(f"{name} must have {rows} rows, got {found.shape[1]}")
    return found


def check_grid(name: str, grid: np.ndarray, positions: Positions) -> None:
    """Refuse a grid that lacks a token, or has one where the layout has none."""
    wrong = (grid == EMPTY) != (positions.level == EMPTY)
    if wrong.any():
        stream, row, step = np.argwhere(wrong)[0]
        code = grid[stream, row, step]
        wanted = "a code" if code == EMPTY else f"EMPTY ({EMPTY})"
        raise TokenError(
            f"{name} must have {wanted} at stream {stream}, row {row}, step {step}, got {code}"
        )
