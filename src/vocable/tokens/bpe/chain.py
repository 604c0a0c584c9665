"""Keep sequences in which neighbours merge, and know at any time where each pair stands.

All sequences lie in one array, with a wall between them, each token linked to its neighbours. A
merge takes all places of a pair at once. Every merge leaves one token less, and notes at most two
new places, so that time and memory of all merges together are linear in the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Pair = int  # left << 32 | right: pairs in order of their tokens
WALL, GONE = -1, -2  # before, between and behind sequences; the right half of a merge
_RIGHT = (1 << 32) - 1


def pair_of(left: int, right: int) -> Pair:
    """Return two tokens as one number."""
    return left << 32 | right


def halves_of(pair: Pair) -> tuple[int, int]:
    """Return the two tokens of a pair."""
    return pair >> 32, pair & _RIGHT


class Chain:
    """Sequences of tokens, and `counts`: how often each pair of neighbours occurs in them."""

    def __init__(self, sequences: Sequence[np.ndarray]) -> None:
        wall = np.array([WALL], np.int64)
        self._token = np.concatenate([wall, *(part for s in sequences for part in (s, wall))])
        count = len(self._token)
        self._next = np.minimum(np.arange(1, count + 1), count - 1)
        self._before = np.maximum(np.arange(-1, count - 1), 0)
        self.counts: dict[Pair, int] = {}
        self._places: dict[Pair, list[np.ndarray]] = {}
        self._note(np.arange(count - 1))

    def merge(self, pair: Pair, token: int) -> list[Pair]:
        """Put `token` for all places of a pair, from the left; return the pairs that arose."""
        place = self._find(pair)
        right = self._next[place]
        behind = self._next[right]
        self._forget(np.concatenate([self._before[place], place, right]))
        self._token[place], self._token[right] = token, GONE
        self._next[place], self._before[behind] = behind, place
        return self._note(np.concatenate([self._before[place], place]))

    def _find(self, pair: Pair) -> np.ndarray:
        """Return where a pair still stands, without those that share a token with one before."""
        left, right = halves_of(pair)
        place: np.ndarray = np.sort(np.concatenate(self._places.pop(pair)))
        place = place[(self._token[place] == left) & (self._token[self._next[place]] == right)]
        linked = np.concatenate([[False], self._next[place[:-1]] == place[1:]])
        index = np.arange(len(place))
        first = np.maximum.accumulate(np.where(linked, 0, index))  # of each run of equal tokens
        alone: np.ndarray = place[(index - first) % 2 == 0]  # all, where the halves differ
        return alone

    def _forget(self, places: np.ndarray) -> None:
        pairs, _ = self._pairs_at(places)
        for pair, count in zip(*_counted(pairs), strict=True):
            self.counts[pair] -= count

    def _note(self, places: np.ndarray) -> list[Pair]:
        pairs, places = self._pairs_at(places)
        order = np.argsort(pairs, kind="stable")
        found, counts = _counted(pairs[order])
        parts = np.split(places[order], np.cumsum(counts)[:-1])
        for pair, count, part in zip(found, counts, parts, strict=False):
            self.counts[pair] = self.counts.get(pair, 0) + count
            self._places.setdefault(pair, []).append(part)
        return found

    def _pairs_at(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs at these places, each place once, and the places; none at walls."""
        places = np.unique(places)
        left, right = self._token[places], self._token[self._next[places]]
        real = (left >= 0) & (right >= 0)
        return left[real] << 32 | right[real], places[real]


def _counted(pairs: np.ndarray) -> tuple[list[Pair], list[int]]:
    found, counts = np.unique(pairs, return_counts=True)
    return found.tolist(), counts.tolist()
