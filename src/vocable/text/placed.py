"""Find when each symbol of a text was spoken, by how well each phone fits each moment.

The likeliest path through the symbols in their order (Viterbi 1967): a phone lasts two hops or
more, and at marks and between words there may be silence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vocable.errors import MeasureError
from vocable.text.phones import PAUSE, SYMBOLS, Spoken, pause_row
from vocable.text.timed import Timed

SILENCE = SYMBOLS.index(PAUSE)  # whose column of the scores is that of any silence
_HOPS = 2  # of a phone, at least
_SILENT = 3  # of a silence, where there is one
_NEVER = np.float32(-1e30)
_STAY, _ON, _SKIP = range(3)


@dataclass(frozen=True, eq=False)
class Placed:
    """Symbols with their durations, and the mean score of a hop on the path."""

    timed: Timed
    score: float


def placed(spoken: Spoken, scores: np.ndarray) -> Placed:
    """Return how long each symbol lasts, in hops, and the pauses that no mark asks for.

    scores: `[hops, symbols]`, log-likelihoods by the numbers of `SYMBOLS`; silence is that of "_".
    MeasureError for a recording too short for its text.
    """
    rows = _with_pauses(spoken.rows)
    quiet = rows[:, 2] == 0  # the place in a word: of marks and pauses
    counts = np.where(quiet, _SILENT, _HOPS)
    owner = np.repeat(np.arange(len(rows)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    last = first + counts - 1
    if len(scores) < _HOPS * (~quiet).sum():
        raise MeasureError(
            f"{len(scores)} hops are too few for {(~quiet).sum()} phones; is that the text of it?"
        )
    emitted = scores[:, np.where(quiet, SILENCE, rows[:, 0])[owner]].astype(np.float32)
    skips = np.full(len(owner), -1)
    after = np.flatnonzero(quiet[1:-1]) + 2  # behind a silence that may be left out
    skips[first[after]] = last[after - 2]
    stays = np.zeros(len(owner), bool)
    stays[last] = True
    path, total = _path(emitted, skips, stays, first[1], last[-2])
    durations = np.bincount(owner[path], minlength=len(rows))
    kept = (durations > 0) | (rows[:, 0] != SILENCE)
    timed = Timed(Spoken(rows[kept]), durations[kept])
    return Placed(timed, total / len(scores))


def _with_pauses(rows: np.ndarray) -> np.ndarray:
    """Return symbols with a pause between words, where no mark is; a mark stands at the end."""
    found = []
    for row, coming in zip(rows, [*rows[1:], rows[-1]], strict=True):
        found.append(row)
        if row[2] in (1, 4) and coming[2]:
            found.append(np.array(pause_row(PAUSE), rows.dtype))
    return np.stack(found)


def _path(
    emitted: np.ndarray, skips: np.ndarray, stays: np.ndarray, second: int, before: int
) -> tuple[np.ndarray, float]:
    """Return the state of each hop on the best path, and its score.

    emitted: `[hops, states]`. skips: the other state that each may follow, or -1. second: where a
    path may begin besides the first state; before: where it may end besides the last one.
    """
    hops, states = emitted.shape
    moves = np.zeros((hops, states), np.int8)
    best = np.full(states, _NEVER)
    best[[0, second]] = emitted[0, [0, second]]
    may_skip = np.flatnonzero(skips >= 0)
    ways = np.full((3, states), _NEVER)
    for hop in range(1, hops):
        ways[_STAY] = np.where(stays, best, _NEVER)
        ways[_ON, 1:] = best[:-1]
        ways[_SKIP, may_skip] = best[skips[may_skip]]
        moves[hop] = ways.argmax(0)
        best = ways.max(0) + emitted[hop]
    state = int(before if best[before] > best[-1] else states - 1)
    total = float(best[state])
    path = np.zeros(hops, np.int64)
    for hop in range(hops - 1, -1, -1):
        path[hop] = state
        move = moves[hop, state]
        state = state if move == _STAY else state - 1 if move == _ON else int(skips[state])
    return path, total
