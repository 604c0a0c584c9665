"""All tokens in one row, one after the other: frame by frame, or group of levels by group."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from .groups import sizes_of_groups
from .levels import Levels
from .order import Order, Places


class Flatten(Order):
    """By the frame at which a token begins, then by level (AudioLM, Orpheus).

    For strides of which each divides the one before this walks the tree of tokens from the root,
    parents before children: 4, 2, 1 are l0 l1 l2 l2 l1 l2 l2, the seven of SNAC at 24 kHz.
    """

    one_row = True

    def steps(self, levels: Levels) -> int:
        return sum(levels.counts)

    def places(self, levels: Levels) -> list[Places]:
        return one_after_the_other(levels, 0)

    def steps_per_frame(self, levels: Levels) -> Fraction:
        return levels.tokens_per_frame


class LevelMajor(Order):
    """A group of levels over all frames, flattened; then the next group (MusicLM, AudioLM).

    The second group begins where the first ends, so its steps are known only with the length.
    """

    takes = "groups"
    one_row = True

    def opening(self, levels: Levels) -> int:
        return sizes_of_groups(self.groups or (1,), len(levels.strides))[0]

    def steps(self, levels: Levels) -> int:
        return sum(levels.counts)

    def places(self, levels: Levels) -> list[Places]:
        found: list[Places] = []
        start = 0
        for size in sizes_of_groups(self.groups or (1,), len(levels.strides)):
            group = Levels(levels.strides[len(found) : len(found) + size], levels.frames)
            found += one_after_the_other(group, start)
            start += sum(group.counts)
        return found

    def steps_per_frame(self, levels: Levels) -> Fraction:
        return levels.tokens_per_frame


def one_after_the_other(levels: Levels, start: int) -> list[Places]:
    """Place all tokens from step `start` on, by the frame at which they begin, then by level."""
    counts = levels.counts
    pairs = zip(counts, levels.strides, strict=True)
    frame = np.concatenate([np.arange(count) * stride for count, stride in pairs])
    level = np.repeat(np.arange(len(counts)), counts)
    steps = np.empty(len(level), np.int64)
    steps[np.lexsort((level, frame))] = start + np.arange(len(level))
    return [Places(np.zeros_like(part), part) for part in np.split(steps, np.cumsum(counts)[:-1])]
