"""One step per frame, whose tokens a second, small model predicts one after the other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ...ratio import Ratio
from .levels import Levels
from .one_row import one_after_the_other
from .order import Order, Places


class Depth(Order):
    """A step per frame, its tokens one after the other by a depth model (CSM, Qwen3-TTS).

    For levels of one rate the grid is that of `parallel`. Levels of several rates have a step per
    cycle and a row for each of its tokens: seven for strides 4, 2, 1.
    """

    deep = True

    def rows(self, levels: Levels) -> int:
        return int(levels.cycle * levels.tokens_per_frame)

    def steps(self, levels: Levels) -> int:
        return -(-levels.frames // levels.cycle)

    def places(self, levels: Levels) -> list[Places]:
        row = self._row_in_cycle(levels)
        found = []
        for rows, count in zip(row, levels.counts, strict=True):
            number = np.arange(count)
            found.append(Places(rows[number % len(rows)], number // len(rows)))
        return found

    def steps_per_frame(self, levels: Levels) -> Fraction:
        return Ratio(1, levels.cycle)

    def _row_in_cycle(self, levels: Levels) -> list[np.ndarray]:
        return [each.steps for each in one_after_the_other(levels.long(levels.cycle), 0)]
