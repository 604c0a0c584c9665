"""Levels in groups: a group at a step, the groups of a frame one after the other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ...ratio import Ratio
from .levels import Levels
from .order import Order, Places


class Grouped(Order):
    """A row per level; the groups of a frame take steps of their own, in turn.

    AudioCraft's `unroll` without delays. Between `flatten` (groups of one level) and `parallel`
    (one group of all): levels of one group are predicted together. Without sizes level 0 is alone,
    and all others are together. Levels of several rates begin a group's step where any of the group
    may begin.
    """

    takes = "groups"

    def steps(self, levels: Levels) -> int:
        return sum(group.units for group in self._parts(levels))

    def places(self, levels: Levels) -> list[Places]:
        found: list[Places] = []
        for group, steps in zip(self._parts(levels), self._steps(levels), strict=True):
            for stride, count in zip(group.strides, group.counts, strict=True):
                taken = steps[:: stride // group.unit][:count]
                found.append(Places(np.full(count, len(found)), taken))
        return found

    def steps_per_frame(self, levels: Levels) -> Fraction:
        return sum((Ratio(1, group.unit) for group in self._parts(levels)), Ratio(0))

    def _parts(self, levels: Levels) -> list[Levels]:
        found, first = [], 0
        for size in sizes_of_groups(self.groups or (1, 256), len(levels.strides)):
            found.append(Levels(levels.strides[first : first + size], levels.frames))
            first += size
        return found

    def _steps(self, levels: Levels) -> list[np.ndarray]:
        """Return the steps of each group: ordered by frame, then by group."""
        parts = self._parts(levels)
        frame = np.concatenate([np.arange(group.units) * group.unit for group in parts])
        units = [group.units for group in parts]
        number = np.repeat(np.arange(len(parts)), units)
        steps = np.empty(len(frame), np.int64)
        steps[np.lexsort((number, frame))] = np.arange(len(frame))
        return np.split(steps, np.cumsum(units)[:-1])


def sizes_of_groups(sizes: tuple[int, ...], levels: int) -> list[int]:
    """Return the sizes of groups that hold exactly these levels; the last size repeats."""
    found: list[int] = []
    while (left := levels - sum(found)) > 0:
        found.append(min(sizes[min(len(found), len(sizes) - 1)], left))
    return found
