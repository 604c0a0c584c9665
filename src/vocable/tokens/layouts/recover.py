"""Read what a model wrote although it stopped early, or although tokens are missing in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..spec import TokenSpec
from ..values import AudioTokens
from .levels import Levels
from .order import Order, Places, most_frames


@dataclass(frozen=True)
class Recovered:
    """The whole frames of a damaged sequence, and what was lost.

    tokens      the frames that are whole, joined
    lost        frames that were begun, or were to come, and are not whole
    gaps        before which frames of `tokens` frames are missing: where sound can be concealed
    dropped     tokens that were there and belong to no whole frame, or to nothing
    """

    tokens: AudioTokens
    lost: int
    gaps: tuple[int, ...]
    dropped: int

    def __str__(self) -> str:
        kept = f"{self.tokens.frames} frames kept, {self.lost} lost"
        return f"{kept} in {len(self.gaps)} places, {self.dropped} tokens dropped"


def recovered(
    order: Order,
    levels: Levels,
    grid: np.ndarray,
    spec: TokenSpec,
    sides: Mapping[str, Any],
    *,
    is_open: bool,
) -> Recovered:
    """Return the whole frames of a grid `[streams, rows, steps]`.

    A frame is whole if the tokens of all its levels are there, in every stream. Of levels with
    several rates a cycle with a hole is lost whole, since the tokens after it could not be told
    from others; the last cycle may be shorter.
    """
    if is_open:
        lead = order.steps(levels.long(levels.cycle))  # as many steps as any token may come later
        levels = levels.long(most_frames(order, levels, grid.shape[2] + lead) + levels.cycle)
    stacks: list[np.ndarray] = []
    present: list[np.ndarray] = []
    in_any: list[np.ndarray] = []
    for size, at in zip((level.size for level in spec.levels), order.places(levels), strict=False):
        codes = _taken(grid, at)
        stacks.append(codes)
        there = (codes >= 0) & (codes < size)
        present.append(np.all(there, axis=0))
        in_any.append(np.any(there, axis=0))
    kept = _kept(_whole(levels, present), levels.cycle)
    expected = _begun(levels, in_any) if is_open else levels.frames
    places = _taken_tokens(levels, kept)
    parts = tuple(codes[:, taken] for codes, taken in zip(stacks, places, strict=True))
    tokens = AudioTokens(spec, parts, sides)
    dropped = int((grid >= 0).any(axis=0).sum()) - sum(len(taken) for taken in places)
    return Recovered(tokens, expected - int(kept.sum()), _gaps(kept[:expected]), dropped)


def _taken(grid: np.ndarray, at: Places) -> np.ndarray:
    """Return `[streams, tokens]` of one level, -1 for what lies beyond the grid."""
    inside = at.steps < grid.shape[2]
    codes = np.full((grid.shape[0], len(at.steps)), -1, np.int64)
    codes[:, inside] = grid[:, at.rows[inside], at.steps[inside]]
    return codes


def _whole(levels: Levels, present: list[np.ndarray]) -> np.ndarray:
    """Return for each frame whether the tokens of all levels are there that cover it."""
    whole = np.ones(levels.frames, bool)
    for each, stride in zip(present, levels.strides, strict=True):
        whole &= np.repeat(each, stride)[: levels.frames]
    return whole


def _begun(levels: Levels, present: list[np.ndarray]) -> int:
    """Return how many frames there are up to the last in which a token begins that is there."""
    return max(
        levels.unit + int(np.flatnonzero(each)[-1]) * stride if each.any() else 0
        for each, stride in zip(present, levels.strides, strict=True)
    )


def _kept(whole: np.ndarray, cycle: int) -> np.ndarray:
    """Return which frames are kept: whole cycles, and the beginning of the last one."""
    padded = np.zeros(-(-len(whole) // cycle) * cycle, bool)
    padded[: len(whole)] = whole
    cycles = padded.reshape(-1, cycle)
    kept = np.where(cycles.all(axis=1, keepdims=True), cycles, False)
    begun = np.flatnonzero(cycles[:, 0])  # the last cycle that has a whole frame
    if len(begun):
        kept[begun[-1]] = np.logical_and.accumulate(cycles[begun[-1]])
    return kept.reshape(-1)[: len(whole)]


def _taken_tokens(levels: Levels, kept: np.ndarray) -> list[np.ndarray]:
    """Return the tokens of each level that cover a kept frame."""
    frames = np.flatnonzero(kept)
    return [np.unique(frames // stride) for stride in levels.strides]


def _gaps(kept: np.ndarray) -> tuple[int, ...]:
    """Return the numbers of kept frames before which others are missing; their count: the end."""
    numbers = np.cumsum(kept)
    opens = ~kept & np.concatenate([[True], kept[:-1]])
    return tuple(int(n) for n in numbers[opens])
