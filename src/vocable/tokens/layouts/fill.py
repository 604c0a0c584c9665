"""Put special ids where a grid of rows holds no code, as models with a table per row have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Int32, Int64

from ...errors import TokenError
from ..positions import EMPTY


def fill(
    grid: Int[np.ndarray, "streams rows steps"],
    before: int,
    after: int | None = None,
    *,
    end: int | None = None,
) -> Int64[np.ndarray, "streams rows _"]:
    """Return ids: the codes, and special ids where there are none.

    before      stands in a row until its first code, and wherever one is missing between codes
    after       behind its last code; as `before`, if it is not given
    end         directly behind its last code, in place of `after`; the grid then has a step more,
                so that the end stands in every row

    MusicGen: 2048. Dia: 1026, 1025 and 1024 as the end. Higgs v2: 1024, 1025.
    """
    holds = grid != EMPTY
    if end is not None:
        holds = np.pad(holds, ((0, 0), (0, 0), (0, 1)))
        grid = np.pad(grid, ((0, 0), (0, 0), (0, 1)))
    comes = np.logical_or.accumulate(holds[:, :, ::-1], axis=2)[:, :, ::-1]
    behind = np.logical_or.accumulate(holds, axis=2) & ~comes
    ids = np.where(holds, grid, before).astype(np.int64)
    ids[behind] = before if after is None else after
    if end is not None:
        ids[behind & ~np.roll(behind, 1, axis=2)] = end
    return ids


def clear(
    ids: Int[np.ndarray, "streams rows steps"], sizes: Sequence[int]
) -> Int32[np.ndarray, "streams rows _"]:
    """Return the codes of ids that `fill` made, EMPTY for all that are not below their row's size.

    Steps at the end without any code are left out.
    """
    if len(sizes) != ids.shape[1]:
        raise TokenError(f"sizes must be {ids.shape[1]}, one per row, got {len(sizes)}")
    bound = np.asarray(sizes)[:, None]
    holds = (ids >= 0) & (ids < bound)
    steps = np.flatnonzero(holds.any(axis=(0, 1)))
    count = int(steps[-1]) + 1 if len(steps) else 0
    return np.where(holds, ids, EMPTY)[:, :, :count].astype(np.int32)
