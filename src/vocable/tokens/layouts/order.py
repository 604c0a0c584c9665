"""What an order of tokens must say of itself; `Layout` does all the rest with it.

An order is given the levels, and says where each token stands: a row and a step. Everything else
that a layout promises follows from these places.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Int64

from .levels import Levels


@dataclass(frozen=True)
class Places:
    """Where the tokens of one level stand."""

    rows: Int64[np.ndarray, " tokens"]
    steps: Int64[np.ndarray, " tokens"]


class Order(ABC):
    """One order of tokens. Its settings are `Layout`'s: delays in steps, or sizes of groups."""

    takes: str = ""  # "delays", "groups" or nothing
    deep: bool = False  # whether the rows of a step are predicted one after the other
    one_row: bool = False

    def __init__(self, delays: tuple[int, ...] | None, groups: tuple[int, ...] | None) -> None:
        self.delays, self.groups = delays, groups

    def check(self, levels: int) -> None:  # noqa: B027  # most have nothing to check
        """Raise TokenError if the settings do not do for this many levels."""

    def rows(self, levels: Levels) -> int:
        """Return how many rows there are: one per level, if no order says otherwise."""
        return 1 if self.one_row else len(levels.strides)

    def opening(self, levels: Levels) -> int:
        """Return how many levels a sequence begins with whose length nobody knows yet.

        Fewer than all where others come after the last frame of these.
        """
        return len(levels.strides)

    @abstractmethod
    def steps(self, levels: Levels) -> int:
        """Return how many steps these levels take."""

    @abstractmethod
    def places(self, levels: Levels) -> list[Places]:
        """Return for each level where its tokens stand."""

    @abstractmethod
    def steps_per_frame(self, levels: Levels) -> Fraction:
        """Return steps per finest frame, delays left out."""

    def ends(self, levels: Levels) -> list[int]:
        """Return for each row the step right after what stands there."""
        return [self.steps(levels)] * self.rows(levels)


def in_row(row: int, start: int, count: int, apart: int) -> Places:
    """Place tokens in one row, evenly spaced."""
    return Places(np.full(count, row), start + apart * np.arange(count))


def most_frames(order: Order, levels: Levels, steps: int) -> int:
    """Return the most frames of these levels that take at most this many steps."""
    unit = levels.unit
    # Bisect in units; every cycle of frames takes at least one step.
    low, high = 0, (steps + 1) * levels.cycle // unit
    while high - low > 1:
        middle = (low + high) // 2
        if order.steps(levels.long(middle * unit)) <= steps:
            low = middle
        else:
            high = middle
    return low * unit
