"""Put the tokens of several levels of one recording into one order, and back exactly.

A layout is a grid: `rows` that a model predicts together, and `steps` one after the other. It says
which token of which level stands at which position; a position without a token holds EMPTY. Tokens
are ordered by the frame at which they begin, so levels of different rates need no rule of their
own: SNAC's strides 4, 2, 1 flatten to l0 l1 l2 l2 l1 l2 l2.

flatten         one row; frame by frame, levels in order                            AudioLM, Orpheus
parallel        a row per level; a step per frame                                   AudioGen
delay           parallel, level k a number of steps later (default k)               MusicGen, Dia
coarse_first    all of level 0, then the other levels with delays (default k - 1)   AudioCraft
grouped         a row per level; the groups of a frame take steps in turn           AudioCraft
level_major     one row; a group of levels over all frames, then the next           MusicLM
depth           a step per frame, its rows predicted one after the other            CSM
acoustic_delay  the same, all levels but the first later (default 1)                Moshi
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Int32

from ...errors import TokenError
from ..positions import EMPTY, Positions
from ..spec import TokenSpec
from ..spec_parts import Source, check_choice, check_count
from ..values import AudioTokens
from .depth import Depth
from .grids import check_grid, take_grid
from .groups import Grouped
from .legal import Legal, legal_steps
from .levels import Levels
from .one_row import Flatten, LevelMajor
from .order import Order, most_frames
from .recover import Recovered, recovered
from .rows import AcousticDelay, CoarseFirst, Delay, Parallel

ORDERS: dict[str, type[Order]] = {
    "flatten": Flatten,
    "parallel": Parallel,
    "delay": Delay,
    "coarse_first": CoarseFirst,
    "grouped": Grouped,
    "level_major": LevelMajor,
    "depth": Depth,
    "acoustic_delay": AcousticDelay,
}
NAMES = tuple(ORDERS)


@dataclass(frozen=True)
class Layout:
    """One order of tokens.

    delays      steps per level, for the layouts that have them
    groups      levels in each group, for those that have groups; the last repeats
    """

    name: str
    delays: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_choice("layout", self.name, NAMES)
        self._check("delays", "a delay", 0, 1 << 16)
        self._check("groups", "a group", 1, 256)

    @property
    def one_row(self) -> bool:
        """Whether all tokens stand in one row, so that they are a plain sequence."""
        return ORDERS[self.name].one_row

    @property
    def deep(self) -> bool:
        """Whether the rows of a step are predicted one after the other, not at once."""
        return ORDERS[self.name].deep

    def arrange(self, tokens: AudioTokens) -> Int32[np.ndarray, "streams rows steps"]:
        """Return the codes in this order, EMPTY where there is no token."""
        levels = self._levels(tokens.spec, tokens.frames, tokens.levels)
        counts = [codes.shape[1] for codes in tokens.stacks]
        if tokens.durations is not None or counts != levels.counts:
            raise TokenError(
                "a layout takes tokens of a fixed rate: no durations (layouts.Lasting takes them), "
                "and no short segment before the last"
            )
        shape = (tokens.streams, self._order.rows(levels), self._order.steps(levels))
        grid = np.full(shape, EMPTY, np.int32)
        for codes, at in zip(tokens.stacks, self._order.places(levels), strict=True):
            grid[:, at.rows, at.steps] = codes
        return grid

    def restore(
        self,
        grid: Any,
        spec: TokenSpec,
        levels: int | None = None,
        *,
        sides: Mapping[str, Any] | None = None,
        source: Source | None = None,
    ) -> AudioTokens:
        """Return the tokens that `arrange` put in this order, `[streams, rows, steps]` integers.

        TokenError if no number of frames takes this many steps, or if a token stands where the
        layout has none, or none where it has one. `recover` reads what stopped early or has holes.
        """
        grid = take_grid(self.name, grid, self.rows(spec, levels))
        frames = self.frames_in(spec, (grid != EMPTY).any(axis=0), levels)
        check_grid(self.name, grid, self.positions(spec, frames, levels))
        places = self._order.places(self._levels(spec, frames, levels))
        stacks = tuple(grid[:, at.rows, at.steps].astype(np.int64) for at in places)
        return AudioTokens(spec, stacks, sides or {}, None, source)

    def recover(
        self,
        grid: Any,
        spec: TokenSpec,
        levels: int | None = None,
        *,
        frames: int | None = None,
        sides: Mapping[str, Any] | None = None,
    ) -> Recovered:
        """Return the whole frames of a grid that stopped early, or in which tokens are missing.

        A position holds no token if what stands there is not a code of its level. `frames` is how
        many were to come: only the layouts need it whose later parts begin after the last frame of
        the first, `coarse_first` and `level_major`.
        """
        grid = take_grid(self.name, grid, self.rows(spec, levels))
        asked = self._levels(spec, 0 if frames is None else frames, levels)
        if frames is not None:
            check_count("frames", frames, 0, 1 << 40)
        elif self._order.opening(asked) < len(asked.strides):
            raise TokenError(
                f"where the second part of {self.name} begins depends on the length: give frames="
            )
        return recovered(self._order, asked, grid, spec, sides or {}, is_open=frames is None)

    def positions(self, spec: TokenSpec, frames: int, levels: int | None = None) -> Positions:
        """Say which token stands at which position, for this many frames."""
        asked = self._levels(spec, frames, levels)
        shape = (self._order.rows(asked), self._order.steps(asked))
        level, index = np.full(shape, EMPTY, np.int32), np.full(shape, EMPTY, np.int32)
        for k, at in enumerate(self._order.places(asked)):
            level[at.rows, at.steps] = k
            index[at.rows, at.steps] = np.arange(len(at.steps))
        return Positions(level, index)

    def legal(
        self,
        spec: TokenSpec,
        steps: range,
        levels: int | None = None,
        *,
        frames: int | None = None,
    ) -> Legal:
        """Say what may stand at these steps of a sequence that is being written.

        Without `frames` its length is still open, and the end may stand wherever a frame would
        begin. Once it stands there the number of frames is known: with it every row stops in its
        turn, and the layouts of which parts follow each other go on.
        """
        asked = self._levels(spec, 0 if frames is None else frames, levels)
        return legal_steps(self._order, asked, steps, is_open=frames is None)

    def counted(
        self, spec: TokenSpec, frames: int, levels: int | None = None, *, prompt: int = 0
    ) -> Bool[np.ndarray, "rows steps"]:
        """Say which positions a loss counts: those with a token, from frame `prompt` on.

        A token counts if it begins there: a prompt is not to be learned by heart.
        """
        asked = self._levels(spec, frames, levels)
        check_count("prompt", prompt, 0, max(0, frames))
        counted = np.zeros((self._order.rows(asked), self._order.steps(asked)), bool)
        for stride, at in zip(asked.strides, self._order.places(asked), strict=True):
            first = -(-prompt // stride)
            counted[at.rows[first:], at.steps[first:]] = True
        return counted

    def rows(self, spec: TokenSpec, levels: int | None = None) -> int:
        """Return how many rows the grid has."""
        return self._order.rows(self._levels(spec, 0, levels))

    def levels_of_rows(self, spec: TokenSpec, levels: int | None = None) -> list[int]:
        """Return the level of each row, for layouts of several rows; TokenError for one row."""
        if self.one_row:
            raise TokenError(f"the row of {self.name} holds all levels")
        cycle = Levels.of(spec, 0, levels).cycle
        return [int(level) for level in self.positions(spec, cycle, levels).level.max(axis=1)]

    def steps(self, spec: TokenSpec, frames: int, levels: int | None = None) -> int:
        """Return how many steps this many frames take."""
        return self._order.steps(self._levels(spec, frames, levels))

    def frames(self, spec: TokenSpec, steps: int, levels: int | None = None) -> int:
        """Return how many frames take this many steps; TokenError if none do."""
        most = self.max_frames(spec, steps, levels)
        exact = self.steps(spec, most, levels)
        if exact != steps:
            raise TokenError(
                f"{steps} steps are not a whole number of frames in {self.name}; "
                f"{most} frames take {exact}"
            )
        return most

    def max_frames(self, spec: TokenSpec, steps: int, levels: int | None = None) -> int:
        """Return the most frames that take at most this many steps."""
        check_count("steps", steps, 0, 1 << 40)
        return most_frames(self._order, self._levels(spec, 0, levels), steps)

    def rate(self, spec: TokenSpec, levels: int | None = None) -> Fraction:
        """Return steps per second of audio, delays left out."""
        return spec.frame_rate * self._order.steps_per_frame(self._levels(spec, 0, levels))

    def frames_in(
        self, spec: TokenSpec, holds: Bool[np.ndarray, "rows steps"], levels: int | None = None
    ) -> int:
        """Return how many frames a grid has in which tokens stand at these positions.

        Mostly the steps say it; where a step is a cycle of several rates, so do the tokens of the
        last one. TokenError if no number of frames takes this many steps.
        """
        most = self.frames(spec, holds.shape[1], levels)
        asked = self._levels(spec, most, levels)
        for frames in range(most, max(0, most - asked.cycle), -1):
            fewer = asked.long(frames)
            if self._order.steps(fewer) != holds.shape[1]:
                break
            if sum(fewer.counts) == holds.sum():
                return frames
        return most

    @cached_property
    def _order(self) -> Order:
        return ORDERS[self.name](self.delays, self.groups)

    def _levels(self, spec: TokenSpec, frames: int, levels: int | None) -> Levels:
        found = Levels.of(spec, frames, levels)
        self._order.check(len(found.strides))
        return found

    def _check(self, setting: str, what: str, low: int, high: int) -> None:
        values = getattr(self, setting)
        if values is None:
            return
        if ORDERS[self.name].takes != setting:
            raise TokenError(f"layout {self.name} has no {setting}")
        object.__setattr__(self, setting, tuple(values))
        if not values:
            raise TokenError(f"{setting} of layout {self.name} must be 1 or more, got none")
        for value in values:
            check_count(what, value, low, high)
