"""Make layouts by their names, and those of published models."""

from __future__ import annotations

from collections.abc import Sequence

from .layout import NAMES, Layout

DIA_DELAYS = (0, *range(8, 16))  # of 9 levels
MUSICGEN_STEREO_DELAYS = (0, 0, 1, 1, 2, 2, 3, 3)  # 4 levels, left and right in turn


def flatten() -> Layout:
    """All tokens in one row, ordered by the frame at which they begin, then by level."""
    return Layout("flatten")


def parallel() -> Layout:
    """A row per level, side by side."""
    return Layout("parallel")


def delay(delays: Sequence[int] | None = None) -> Layout:
    """A row per level, level k later by `delays[k]` steps (default k)."""
    return Layout("delay", None if delays is None else tuple(delays))


def coarse_first(delays: Sequence[int] | None = None) -> Layout:
    """Level 0 first, then the others in rows, level k later by `delays[k - 1]` (default k - 1)."""
    return Layout("coarse_first", None if delays is None else tuple(delays))


def grouped(groups: Sequence[int] | None = None) -> Layout:
    """A row per level; of each frame one group of levels a step, in turn.

    `groups` are sizes, of which the last repeats (default: level 0, then all others together).
    """
    return Layout("grouped", None, None if groups is None else tuple(groups))


def level_major(groups: Sequence[int] = (1,)) -> Layout:
    """One row: a group of levels over all frames, then the next group; the last size repeats."""
    return Layout("level_major", None, tuple(groups))


def depth() -> Layout:
    """A step per frame, whose rows are predicted one after the other."""
    return Layout("depth")


def acoustic_delay(steps: int = 1) -> Layout:
    """As `depth`, with all levels but the first a number of steps later (Moshi: 1)."""
    return Layout("acoustic_delay", (steps,))


LAYOUTS: dict[str, Layout] = {name: Layout(name) for name in NAMES}
