"""Put the tokens of several levels into one order, and back exactly.

A layout is a grid: `rows` that a model predicts together, and `steps` one after the other. It says
which token of which level stands at which position; a position without a token holds EMPTY. Tokens
are ordered by the frame at which they begin, so levels of different rates need no rule of their
own: SNAC's strides 4, 2, 1 flatten to l0 l1 l2 l2 l1 l2 l2.

flatten         one row; frame by frame, levels in order                            AudioLM, Orpheus
parallel        a row per level; a step per frame
delay           parallel, level k a number of steps later (default k)               MusicGen, Dia
coarse_first    all of level 0, then the other levels with delays (default k - 1)   AudioCraft
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
from jaxtyping import Int32

from ..arrays import to_numpy
from ..errors import TokenError
from ..ratio import Ratio
from .positions import EMPTY, Positions, in_one_row, in_rows, strides_of, token_counts
from .spec import TokenSpec
from .spec_parts import Source, check_choice, check_count
from .values import AudioTokens

NAMES = ("flatten", "parallel", "delay", "coarse_first")


@dataclass(frozen=True)
class Layout:
    """One order of tokens. `delays`: steps per level, for the layouts that have them."""

    name: str
    delays: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_choice("layout", self.name, NAMES)
        if self.delays is not None:
            if self.name not in ("delay", "coarse_first"):
                raise TokenError(f"layout {self.name} has no delays")
            object.__setattr__(self, "delays", tuple(self.delays))
            for steps in self.delays:
                check_count("a delay", steps, 0, 1 << 16)

    def arrange(self, tokens: AudioTokens) -> Int32[np.ndarray, "streams rows steps"]:
        """Return the codes in this order, EMPTY where there is no token."""
        counts = [codes.shape[1] for codes in tokens.stacks]
        expected = token_counts(tokens.spec, tokens.frames, tokens.levels)
        if tokens.durations is not None or counts != expected:
            raise TokenError(
                "a layout takes tokens of a fixed rate: no durations, and no short "
                "segment before the last"
            )
        positions = self.positions(tokens.spec, tokens.frames, tokens.levels)
        grid = np.full((tokens.streams, *positions.level.shape), EMPTY, np.int32)
        for k, codes in enumerate(tokens.stacks):
            taken = positions.level == k
            grid[:, taken] = codes[:, positions.index[taken]]
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
        layout has none, or none where it has one.
        """
        count, grid = spec.check_levels(levels), to_numpy(grid)
        if grid.ndim != 3 or grid.dtype.kind not in "iu":
            raise TokenError(
                f"a grid must be integers [streams, rows, steps], got {grid.dtype} "
                f"of shape {list(grid.shape)}"
            )
        frames = self.frames(spec, grid.shape[2], count)
        positions = self.positions(spec, frames, count)
        self._check_grid(grid, positions)
        stacks = []
        for k, length in enumerate(token_counts(spec, frames, count)):
            codes = np.zeros((grid.shape[0], length), np.int64)
            taken = positions.level == k
            codes[:, positions.index[taken]] = grid[:, taken]
            stacks.append(codes)
        return AudioTokens(spec, tuple(stacks), sides or {}, None, source)

    def positions(self, spec: TokenSpec, frames: int, levels: int | None = None) -> Positions:
        """Say which token stands at which position, for this many frames."""
        count = spec.check_levels(levels)
        counts, strides = token_counts(spec, frames, count), strides_of(spec, count)
        if self.name == "flatten":
            return in_one_row(counts, strides)
        return in_rows(self.steps(spec, frames, count), self._steps_of(counts, strides))

    def steps(self, spec: TokenSpec, frames: int, levels: int | None = None) -> int:
        """Return how many steps this many frames take."""
        count = spec.check_levels(levels)
        counts, strides = token_counts(spec, frames, count), strides_of(spec, count)
        if self.name == "flatten":
            return sum(counts)
        length = -(-frames // gcd(*strides))
        if length == 0:
            return 0
        longest = max(self._delays(count))
        if self.name != "coarse_first":
            return length + longest
        return counts[0] + (length + longest if count > 1 else 0)

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
        strides = strides_of(spec, spec.check_levels(levels))
        unit = gcd(*strides)
        # Bisect in units; every min(strides) frames take at least one step.
        low, high = 0, (steps + 1) * min(strides) // unit
        while high - low > 1:
            middle = (low + high) // 2
            if self.steps(spec, middle * unit, levels) <= steps:
                low = middle
            else:
                high = middle
        return low * unit

    def rate(self, spec: TokenSpec, levels: int | None = None) -> Fraction:
        """Return steps per second of audio, delays left out."""
        strides = strides_of(spec, spec.check_levels(levels))
        per_frame: Fraction = Ratio(1, gcd(*strides))
        if self.name == "flatten":
            per_frame = sum((Ratio(1, stride) for stride in strides), Ratio(0))
        elif self.name == "coarse_first":
            per_frame = Ratio(1, strides[0]) + (per_frame if len(strides) > 1 else 0)
        return spec.frame_rate * per_frame

    def _check_grid(self, grid: np.ndarray, positions: Positions) -> None:
        rows = positions.level.shape[0]
        if grid.shape[1] != rows:
            raise TokenError(f"{self.name} must have {rows} rows, got {grid.shape[1]}")
        wrong = (grid == EMPTY) != (positions.level == EMPTY)
        if wrong.any():
            stream, row, step = np.argwhere(wrong)[0]
            code = grid[stream, row, step]
            wanted = "a code" if code == EMPTY else f"EMPTY ({EMPTY})"
            raise TokenError(
                f"{self.name} must have {wanted} at stream {stream}, row {row}, step {step}, "
                f"got {code}"
            )

    def _steps_of(self, counts: list[int], strides: list[int]) -> list[range]:
        """Return for each level the steps at which its tokens stand."""
        unit = gcd(*strides)
        lead = counts[0] if self.name == "coarse_first" else 0
        steps = [
            range(lead + later, lead + later + n * (stride // unit), stride // unit)
            for later, n, stride in zip(self._delays(len(counts)), counts, strides, strict=True)
        ]
        return [range(lead), *steps[1:]] if self.name == "coarse_first" else steps

    def _delays(self, levels: int) -> list[int]:
        """Return a delay for each level; with a prefix of the levels, the first of those given."""
        if self.name == "coarse_first":
            return [0, *self._first_delays(levels - 1)]
        return self._first_delays(levels) if self.name == "delay" else [0] * levels

    def _first_delays(self, count: int) -> list[int]:
        delays = range(count) if self.delays is None else self.delays
        if len(delays) < count:
            raise TokenError(f"layout {self.name} needs {count} delays, got {len(delays)}")
        return list(delays[:count])


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


@dataclass(frozen=True)
class Fit:
    """How much audio fits into a model's context in one layout."""

    layout: str
    tokens_per_second: Fraction  # steps of one stream
    seconds: Fraction  # of audio that fits


def fits(spec: TokenSpec, context: int, levels: int | None = None) -> list[Fit]:
    """Say for each layout how much of one stream fits into a context of this many steps."""
    check_count("context", context, 1, 1 << 40)
    return [
        Fit(name, layout.rate(spec, levels), spec.seconds(layout.max_frames(spec, context, levels)))
        for name, layout in LAYOUTS.items()
    ]


LAYOUTS: dict[str, Layout] = {
    layout.name: layout for layout in (flatten(), parallel(), delay(), coarse_first())
}
