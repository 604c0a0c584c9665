"""Units as what is said: runs of equal ones, each with the hops of 10 ms that it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np

from vocable.errors import TokenError
from vocable.tokens import AudioTokens

Runs: TypeAlias = tuple[np.ndarray, np.ndarray]  # symbols `[runs, 3]`, and how long each lasts


def unit_rows(tokens: AudioTokens, hops: int, total: int | None = None) -> Runs:
    """Return symbols `[runs, 3]` and durations in hops `[runs]` of the units of one stream.

    hops: of a frame of units. total: of all; the last unit lasts until there, since the last frame
    of units ends before the recording does. None: as long as the units do.
    TokenError where there is no unit.
    """
    symbols, durations = zip(*unit_runs([tokens], hops, total), strict=True)
    return np.concatenate(symbols), np.concatenate(durations)


def unit_runs(pieces: Iterable[AudioTokens], hops: int, total: int | None = None) -> Iterator[Runs]:
    """Yield the same of units that come in pieces: runs as they end."""
    symbols, durations, yielded = np.zeros((0, 3), np.int64), np.zeros(0, np.int64), 0
    for tokens in pieces:
        if not tokens.frames:
            continue
        runs = tokens.dedup()
        assert runs.durations is not None
        found = np.zeros((runs.stacks[0].shape[1], 3), np.int64)
        found[:, 0] = runs.stacks[0][0]
        lasting = runs.durations.astype(np.int64) * hops
        if len(symbols) and symbols[0, 0] == found[0, 0]:
            lasting[0] += durations[0]
        elif len(symbols):
            found = np.concatenate([symbols, found])
            lasting = np.concatenate([durations, lasting])
        if len(found) > 1:
            yield found[:-1], lasting[:-1]
        yielded += int(lasting[:-1].sum())
        symbols, durations = found[-1:], lasting[-1:]
    if not len(symbols):
        raise TokenError("the recording is too short for a unit; 25 ms is the least")
    yield symbols, durations if total is None else np.array([total - yielded])


def pieces_of(runs: Iterable[Runs], frame: int, seconds: float = 10.0) -> Iterator[Runs]:
    """Yield runs in pieces of at most so long, each of whole frames but the last.

    frame: hops of one. A piece ends in the longest unit of its second half: most often in a pause.
    """
    most = round(100 * seconds) // frame * frame
    symbols, durations = np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
    for more, lasting in runs:
        symbols = np.concatenate([symbols, more])
        durations = np.concatenate([durations, lasting])
        while (ends := durations.cumsum())[-1] > most:
            cut = _cut(ends, durations, frame, most)
            last = int(np.searchsorted(ends, cut))  # the unit in which, or behind which, it is cut
            before = durations[: last + 1].copy()
            before[-1] -= ends[last] - cut
            yield symbols[: last + 1], before
            rest = int(ends[last]) - cut
            first = last + (rest == 0)
            symbols, durations = symbols[first:], durations[first:].copy()
            if rest:
                durations[0] = rest
    yield symbols, durations


def _cut(ends: np.ndarray, durations: np.ndarray, frame: int, most: int) -> int:
    """Return where a piece ends, in hops."""
    inside = np.flatnonzero((ends > most // 2) & (ends - durations < most - frame))
    longest = inside[durations[inside].argmax()]
    middle = int(ends[longest] - durations[longest] // 2) // frame * frame
    return min(max(middle, frame), most)
