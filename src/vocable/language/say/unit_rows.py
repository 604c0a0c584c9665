"""Units as what is said: runs of equal ones, each with the hops of 10 ms that it lasts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vocable.errors import TokenError
from vocable.tokens import AudioTokens


def unit_rows(
    tokens: AudioTokens, hops: int, total: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return symbols `[runs, 3]` and durations in hops `[runs]` of the units of one stream.

    hops: of a frame of units. total: of all; the last unit lasts until there, since the last frame
    of units ends before the recording does. None: as long as the units do.
    TokenError where there is no unit.
    """
    if not tokens.frames:
        raise TokenError("the recording is too short for a unit; 25 ms is the least")
    runs = tokens.dedup()
    assert runs.durations is not None
    symbols = np.zeros((runs.stacks[0].shape[1], 3), np.int64)
    symbols[:, 0] = runs.stacks[0][0]
    durations = runs.durations * hops
    if total is not None:
        durations[-1] += total - durations.sum()
    return symbols, durations


def pieces_of(
    symbols: np.ndarray, durations: np.ndarray, frame: int, seconds: float = 10.0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield symbols and durations in pieces of at most so long, each of whole frames but the last.

    frame: hops of one. A piece ends in the longest unit of its second half: most often in a pause.
    """
    most = round(100 * seconds) // frame * frame
    while (ends := durations.cumsum())[-1] > most:
        inside = np.flatnonzero((ends > most // 2) & (ends - durations < most - frame))
        longest = inside[durations[inside].argmax()]
        middle = int(ends[longest] - durations[longest] // 2) // frame * frame
        cut = min(max(middle, frame), most)
        last = int(np.searchsorted(ends, cut))  # the unit in which, or behind which, it is cut
        before = durations[: last + 1].copy()
        before[-1] -= ends[last] - cut
        yield symbols[: last + 1], before
        rest = int(ends[last]) - cut
        symbols, durations = symbols[last + (rest == 0) :], durations[last + (rest == 0) :].copy()
        if rest:
            durations[0] = rest
    yield symbols, durations
