"""Learn which neighbours merge, and merge them in a sequence: byte-pair encoding of units.

Sennrich et al., "Neural machine translation of rare words with subword units" (2016). Units are 0
to n - 1, learned tokens follow. The most frequent pair merges next; of several, the one with the
smallest tokens, which is also the rule of the `tokenizers` package. A string of units is one token,
whichever pair of tokens gave it first, so a token may have several merges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

import numpy as np

from .chain import Chain, Pair, halves_of, pair_of

FEWEST = 2  # times that a pair must occur; a token that occurs once makes nothing shorter
Merge = tuple[int, int]


def learn(
    sequences: Sequence[np.ndarray], units: int, size: int, longest: int | None = None
) -> list[Merge]:
    """Return merges, in order, until there are `size` tokens or no pair occurs twice.

    sequences   arrays of integers from 0 to units - 1; merges do not cross from one to the next
    longest     the most units of one token
    """
    chain, strings = Chain(sequences), Strings(units)
    heap: list[tuple[int, Pair]] = []

    def offer(pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            if longest is None or strings.length(*halves_of(pair)) <= longest:
                heappush(heap, (-chain.counts[pair], pair))

    offer(chain.counts)
    merges = []
    while heap and len(strings) < size:
        negative, pair = heappop(heap)
        count = chain.counts[pair]
        if count < FEWEST:
            continue
        if count != -negative:  # fewer than when it was offered
            heappush(heap, (-count, pair))
            continue
        merges.append(halves_of(pair))
        offer(chain.merge(pair, strings.add(*halves_of(pair))))
    return merges


class Strings:
    """The units that each token stands for; equal strings are one token."""

    def __init__(self, units: int, merges: Iterable[Merge] = ()) -> None:
        self._strings: list[tuple[int, ...]] = [(unit,) for unit in range(units)]
        self._tokens = {string: token for token, string in enumerate(self._strings)}
        for merge in merges:
            self.add(*merge)

    def __len__(self) -> int:
        return len(self._strings)

    def __getitem__(self, token: int) -> tuple[int, ...]:
        return self._strings[token]

    def length(self, left: int, right: int) -> int:
        """Return the units of two tokens together."""
        return len(self._strings[left]) + len(self._strings[right])

    def add(self, left: int, right: int) -> int:
        """Return the token of two tokens joined, a new one if there is none."""
        string = self._strings[left] + self._strings[right]
        token = self._tokens.setdefault(string, len(self))
        if token == len(self):
            self._strings.append(string)
        return token


class Merger:
    """Merges in the order in which they were learned, the leftmost place first."""

    def __init__(self, strings: Strings, merges: Sequence[Merge]) -> None:
        pairs = [(pair_of(*merge), strings.add(*merge)) for merge in merges]
        self._ranks = {pair: rank for rank, (pair, _) in enumerate(pairs)}
        self._pairs = pairs

    def merge(self, units: Sequence[int]) -> list[int]:
        """Return the tokens of a sequence, in O(n log n) steps."""
        token, count = list(units), len(units)
        after, before = list(range(1, count + 1)), list(range(-1, count - 1))
        heap: list[tuple[int, int]] = []

        def find(place: int) -> int | None:
            if place < 0 or after[place] >= count:
                return None
            return self._ranks.get(token[place] << 32 | token[after[place]])

        for place in range(count):
            if (rank := find(place)) is not None:
                heap.append((rank, place))
        heapify(heap)
        while heap:
            rank, place = heappop(heap)
            if token[place] < 0 or find(place) != rank:  # merged away, or with another since
                continue
            gone = after[place]
            token[place], token[gone] = self._pairs[rank][1], -1
            after[place] = after[gone]
            if after[place] < count:
                before[after[place]] = place
            for changed in (before[place], place):
                if (rank_there := find(changed)) is not None:
                    heappush(heap, (rank_there, changed))
        return [each for each in token if each >= 0]
