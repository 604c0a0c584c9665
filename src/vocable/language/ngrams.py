"""Count n-grams of codes: what any model of tokens has to beat.

The code of a level is foretold from the codes nearest to it: of level 0 those of the frames before,
of another level that of the level below in the same frame, then its own in the frame before. Orders
are interpolated: of each count a discount is taken, by how high it is, and shared among all codes
as the next lower order has them (Chen and Goodman, "An empirical study of smoothing techniques for
language modeling", 1998, with plain counts in lower orders). Below order 0 all codes are equally
likely, so that none is impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from vocable.errors import TokenError
from vocable.tokens import AudioTokens

ORDERS = (0, 1, 2)


class NGrams:
    """The n-grams of some recordings, of every level and each of `ORDERS`.

    counted = NGrams.fit(recordings)
    counted.bits(tokens, order=2)      # of each level, an array of each code's bits
    """

    def __init__(self, levels: Sequence[_Level], strides: Sequence[int]) -> None:
        self._levels, self._strides = list(levels), list(strides)

    @classmethod
    def fit(cls, recordings: Iterable[AudioTokens]) -> NGrams:
        """Count the codes of recordings of one spec. TokenError for none."""
        parts: list[list[np.ndarray]] = []
        sizes: list[int] = []
        strides: list[int] = []
        for tokens in recordings:
            found = tokens.spec.levels[: tokens.levels]
            sizes, strides = [level.size for level in found], [level.stride for level in found]
            parts = parts or [[] for _ in found]
            for level, rows in enumerate(_with_context(tokens, strides)):
                parts[level].append(rows)
        if not parts:
            raise TokenError("there are no recordings to count n-grams of")
        levels = [
            _Level.fit(np.concatenate(rows), size, sizes[max(0, level - 1)])
            for level, (rows, size) in enumerate(zip(parts, sizes, strict=True))
        ]
        return cls(levels, strides)

    def bits(self, tokens: AudioTokens, order: int) -> list[Float64[np.ndarray, " codes"]]:
        """Return the bits of each code of each level, its surprise under this order's model."""
        rows = _with_context(tokens, self._strides)
        return [level.bits(each, order) for level, each in zip(self._levels, rows, strict=True)]

    def bits_per_frame(
        self, recordings: Iterable[AudioTokens], order: int
    ) -> Float64[np.ndarray, " levels"]:
        """Return the mean bits that each level takes of a finest frame; their sum is a frame's."""
        sums, frames = np.zeros(len(self._levels)), 0
        for tokens in recordings:
            sums += [each.sum() for each in self.bits(tokens, order)]
            frames += tokens.frames * tokens.streams
        found: np.ndarray = sums / max(1, frames)
        return found


def _with_context(
    tokens: AudioTokens, strides: Sequence[int]
) -> list[Int64[np.ndarray, "codes 3"]]:
    """Return each code of each level with its two nearest, the nearest first; -1: there is none."""
    found = []
    for level, codes in enumerate(tokens.stacks):
        own = codes.astype(np.int64)
        before = np.concatenate([np.full((len(own), 2), -1), own], 1)
        nearest, second = before[:, 1:-1], before[:, :-2]
        if level:
            at = np.arange(own.shape[1]) * strides[level] // strides[level - 1]
            nearest, second = tokens.stacks[level - 1].astype(np.int64)[:, at], nearest
        found.append(np.stack([own, nearest, second], -1).reshape(-1, 3))
    return found


@dataclass(frozen=True)
class _Counts:
    """How often each context came, and each context, by its number, with a code; both are sorted.

    counts: less what is taken of them. freed: what is taken of all counts of a context.
    """

    contexts: np.ndarray
    totals: np.ndarray
    freed: np.ndarray
    pairs: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, contexts: np.ndarray, codes: np.ndarray, size: int) -> _Counts:
        known, numbers = np.unique(contexts, return_inverse=True)
        pairs, counts = np.unique(numbers * size + codes, return_counts=True)
        inverse = pairs // size
        taken = _discounts(counts)[np.minimum(counts, 3)]
        totals, freed = (np.bincount(inverse, each) for each in (counts, taken))
        return cls(known, totals, freed, pairs, counts - taken)

    def mixed(
        self, contexts: np.ndarray, codes: np.ndarray, size: int, lower: np.ndarray
    ) -> np.ndarray:
        """Return the probability of each code, `lower` being that of the next lower order."""
        at, known = _find(self.contexts, contexts)
        total, freed = (np.where(known, each[at], 1.0) for each in (self.totals, self.freed))
        place, seen = _find(self.pairs, at * size + codes)
        count = np.where(known & seen, self.counts[place], 0.0)
        return np.asarray((count + freed * lower) / total)


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Return what is taken of counts of 0, 1, 2, and 3 or more: always something, never all."""
    ones, twos, threes, fours = (max(1, int((counts == many).sum())) for many in (1, 2, 3, 4))
    share = ones / (ones + 2 * twos)
    found = [0, 1 - 2 * share * twos / ones, 2 - 3 * share * threes / twos,
             3 - 4 * share * fours / threes]  # fmt: skip
    return np.clip(found, [0, 0.01, 0.01, 0.01], [0, 0.99, 1.99, 2.99])


@dataclass(frozen=True)
class _Level:
    """The counts of one level, of each order."""

    size: int
    near: int  # codes of the nearest one's level
    counts: tuple[_Counts, ...]

    @classmethod
    def fit(cls, rows: np.ndarray, size: int, near: int) -> _Level:
        contexts = _keys(rows, size, near)
        return cls(size, near, tuple(_Counts.of(each, rows[:, 0], size) for each in contexts))

    def bits(self, rows: np.ndarray, order: int) -> np.ndarray:
        found = np.full(len(rows), 1.0 / self.size)
        contexts = _keys(rows, self.size, self.near)
        for counts, each in zip(self.counts[: order + 1], contexts, strict=False):
            found = counts.mixed(each, rows[:, 0], self.size, found)
        return np.asarray(-np.log2(found))


def _keys(rows: np.ndarray, size: int, near: int) -> list[np.ndarray]:
    """Return a number for the context of each row, for each order."""
    first, second = rows[:, 1] + 1, rows[:, 2] + 1
    return [np.zeros(len(rows), np.int64), first, first + (near + 1) * second]


def _find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each key stands, and whether it is there."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted
