"""Put the tokens of several levels into one order, and back exactly.

A layout is a grid: `rows` that a model predicts together, and `steps` one after the other. It says
which token of which level stands where; a place without a token holds EMPTY. Tokens are ordered by
the frame at which they begin, so levels of different rates need no rule of their own: SNAC's
strides 4, 2, 1 flatten to l0 l1 l2 l2 l1 l2 l2.

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

from ..errors import TokenError
from .parts import Source, check_count
from .spec import TokenSpec
from .values import AudioTokens

EMPTY = -1
NAMES = ("flatten", "parallel", "delay", "coarse_first")


@dataclass(frozen=True)
class Places:
    """What stands in a grid `[rows, steps]`: the level (EMPTY: none), and which token of it."""

    level: Int32[np.ndarray, "rows steps"]
    index: Int32[np.ndarray, "rows steps"]


@dataclass(frozen=True)
class Layout:
    """One order of tokens. `delays`: steps per level, for the layouts that have them."""

    name: str
    delays: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise TokenError(f"layout must be one of {', '.join(NAMES)}, got {self.name!r}")
        if self.delays is not None:
            if self.name not in ("delay", "coarse_first"):
                raise TokenError(f"layout {self.name} has no delays")
            object.__setattr__(self, "delays", tuple(self.delays))
            for steps in self.delays:
                check_count("a delay", steps, 0, 1 << 16)

    def arrange(self, tokens: AudioTokens) -> Int32[np.ndarray, "streams rows steps"]:
        """Return the codes in this order, EMPTY where no token stands."""
        counts = [codes.shape[1] for codes in tokens.stacks]
        if tokens.durations is not None or counts != _counts(
            tokens.spec, tokens.frames, tokens.levels
        ):
            raise TokenError(
                "a layout takes tokens of a fixed rate: no durations, and no short "
                "segment before the last"
            )
        places = self.places(tokens.spec, tokens.frames, tokens.levels)
        grid = np.full((tokens.streams, *places.level.shape), EMPTY, np.int32)
        for k, codes in enumerate(tokens.stacks):
            here = places.level == k
            grid[:, here] = codes[:, places.index[here]]
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

        TokenError for a number of steps that no whole number of frames gives, and for a token where
        none may stand, or none where one must.
        """
        kept, grid = spec.check_levels(levels), np.asarray(grid)
        if grid.ndim != 3 or grid.dtype.kind not in "iu":
            raise TokenError(
                f"a grid must be integers [streams, rows, steps], got {grid.dtype} "
                f"of shape {list(grid.shape)}"
            )
        frames = self.frames(spec, grid.shape[2], kept)
        places = self.places(spec, frames, kept)
        if grid.shape[1:] != places.level.shape:
            raise TokenError(
                f"{self.name} of {kept} levels has {places.level.shape[0]} rows, "
                f"got {grid.shape[1]}"
            )
        wrong = (grid == EMPTY) != (places.level == EMPTY)
        if wrong.any():
            stream, row, step = np.argwhere(wrong)[0]
            what = "no token" if grid[stream, row, step] == EMPTY else "a token"
            raise TokenError(
                f"{self.name} has {what} at stream {stream}, row {row}, step {step}, "
                "where it must be otherwise"
            )
        stacks = []
        for k, count in enumerate(_counts(spec, frames, kept)):
            codes = np.zeros((grid.shape[0], count), np.int64)
            here = places.level == k
            codes[:, places.index[here]] = grid[:, here]
            stacks.append(codes)
        return AudioTokens(spec, tuple(stacks), sides or {}, None, source)

    def places(self, spec: TokenSpec, frames: int, levels: int | None = None) -> Places:
        """Say which token stands where, for this many frames."""
        kept = spec.check_levels(levels)
        counts, strides = _counts(spec, frames, kept), _strides(spec, kept)
        if self.name == "flatten":
            return _one_row(counts, strides)
        return _rows(self.steps(spec, frames, kept), _starts(self, counts, strides))

    def steps(self, spec: TokenSpec, frames: int, levels: int | None = None) -> int:
        """Return how many steps this many frames take."""
        kept = spec.check_levels(levels)
        counts, strides = _counts(spec, frames, kept), _strides(spec, kept)
        if self.name == "flatten":
            return sum(counts)
        length = -(-frames // gcd(*strides))
        if length == 0:
            return 0
        later = max(_delays(self, kept))
        if self.name != "coarse_first":
            return length + later
        return counts[0] + (length + later if kept > 1 else 0)

    def frames(self, spec: TokenSpec, steps: int, levels: int | None = None) -> int:
        """Return how many frames take this many steps; TokenError if none do."""
        found = self.fitting(spec, steps, levels)
        exact = self.steps(spec, found, levels)
        if exact != steps:
            raise TokenError(
                f"{steps} steps are no whole number of frames in {self.name}; "
                f"{exact} are {found} frames"
            )
        return found

    def fitting(self, spec: TokenSpec, steps: int, levels: int | None = None) -> int:
        """Return the most frames that take at most this many steps."""
        check_count("steps", steps, 0, 1 << 40)
        strides = _strides(spec, spec.check_levels(levels))
        unit = gcd(*strides)
        # In units; every min(strides) frames take at least one step.
        low, high = 0, (steps + 1) * min(strides) // unit
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high)
                if self.steps(spec, middle * unit, levels) <= steps
                else (low, middle)
            )
        return low * unit

    def rate(self, spec: TokenSpec, levels: int | None = None) -> Fraction:
        """Return steps per second of audio, delays left out."""
        strides = _strides(spec, spec.check_levels(levels))
        each = Fraction(1, gcd(*strides))
        if self.name == "flatten":
            each = sum((Fraction(1, stride) for stride in strides), Fraction(0))
        elif self.name == "coarse_first":
            each = Fraction(1, strides[0]) + (each if len(strides) > 1 else 0)
        return spec.frame_rate * each


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
    """How a layout fills a model's context."""

    layout: str
    tokens_per_second: Fraction  # steps of one stream
    seconds: Fraction  # of audio that fit


def fits(spec: TokenSpec, context: int, levels: int | None = None) -> list[Fit]:
    """Say for each layout how much of one stream fits into a context of this many steps."""
    check_count("context", context, 1, 1 << 40)
    return [
        Fit(name, layout.rate(spec, levels), spec.seconds(layout.fitting(spec, context, levels)))
        for name, layout in LAYOUTS.items()
    ]


def _strides(spec: TokenSpec, levels: int) -> list[int]:
    return [level.stride for level in spec.levels[:levels]]


def _counts(spec: TokenSpec, frames: int, levels: int) -> list[int]:
    return [-(-frames // stride) for stride in _strides(spec, levels)]


def _rows(steps: int, starts: list[range]) -> Places:
    """Put each level's tokens into a row of its own, at the steps that `starts` gives."""
    level = np.full((len(starts), steps), EMPTY, np.int32)
    index = np.full((len(starts), steps), EMPTY, np.int32)
    for k, start in enumerate(starts):
        here = slice(start.start, start.stop, start.step)
        level[k, here] = k
        index[k, here] = np.arange(len(start))
    return Places(level, index)


def _one_row(counts: list[int], strides: list[int]) -> Places:
    level = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    index = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
    frame = np.concatenate([np.arange(n) * s for n, s in zip(counts, strides, strict=True)])
    order = np.lexsort((level, frame))
    return Places(level[None, order], index[None, order])


def _starts(layout: Layout, counts: list[int], strides: list[int]) -> list[range]:
    """Return for each level the steps at which its tokens stand."""
    unit = gcd(*strides)
    lead = counts[0] if layout.name == "coarse_first" else 0
    delays = _delays(layout, len(counts))
    first = [lead + steps for steps in delays]
    each = [
        range(start, start + count * (stride // unit), stride // unit)
        for start, count, stride in zip(first, counts, strides, strict=True)
    ]
    return [range(lead), *each[1:]] if layout.name == "coarse_first" else each


def _delays(layout: Layout, levels: int) -> list[int]:
    """Return a delay for each level; with a prefix of the levels, the first of those given."""
    if layout.name == "coarse_first":
        return [0, *_given(layout, levels - 1)]
    return _given(layout, levels) if layout.name == "delay" else [0] * levels


def _given(layout: Layout, count: int) -> list[int]:
    given = range(count) if layout.delays is None else layout.delays
    if len(given) < count:
        raise TokenError(f"layout {layout.name} needs {count} delays, got {len(given)}")
    return list(given[:count])


LAYOUTS: dict[str, Layout] = {
    layout.name: layout for layout in (flatten(), parallel(), delay(), coarse_first())
}
