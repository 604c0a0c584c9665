"""List every layout, and tokens of every kind that a spec can describe, by name."""

from __future__ import annotations

import numpy as np

from vocable.tokens import (
    LAYOUTS,
    AudioTokens,
    Layout,
    Level,
    Segment,
    Side,
    Source,
    TokenSpec,
    acoustic_delay,
    coarse_first,
    delay,
    grouped,
    level_major,
)


def layouts() -> dict[str, Layout]:
    """Return every layout, with the usual settings and with settings of its own (for 3 levels)."""
    return dict(LAYOUTS) | {
        "delay-uneven": delay((0, 3, 1)),
        "coarse-first-uneven": coarse_first((2, 0)),
        "grouped-by-two": grouped((2,)),
        "level-major-by-two": level_major((2,)),
        "acoustic-delay-3": acoustic_delay(3),
    }


def tokens(frames: int = 8) -> dict[str, AudioTokens]:
    """Return random tokens of made-up specs with 3 levels, one of each kind, of `frames` frames."""
    return {
        "mono": _random(_spec((1, 1, 1)), frames, Source(160 * frames - 3, 16_000, 1)),
        "streams": _random(_spec((1, 1, 1)), frames, None, streams=3),
        "multi-rate": _random(_spec((4, 2, 1)), frames, Source(160 * frames, 16_000, 1)),
        "stereo": _random(_spec((1, 1, 1), channels=2), frames, Source(480 * frames, 48_000, 2)),
        "sided": _random(_spec((1, 1, 1), sides=(Side("timbre", (4,)),)), frames, None),
        "segmented": _random(
            _spec((1, 1, 1), segment=Segment(640, 560), sides=(Side("scale", per="segment"),)),
            frames,
            None,
        ),
    }


def lasting(frames: int = 8) -> AudioTokens:
    """Return random tokens with durations, of one made-up spec with 3 levels."""
    fixed = _random(_spec((1, 1, 1)), frames, None)
    first = np.arange(frames) * 2 // 3  # of three frames two are one token
    stacks = [codes[:, first] for codes in fixed.stacks]
    source = Source(160 * frames, 16_000, 1)
    return AudioTokens(fixed.spec, stacks, source=source).dedup()


def _spec(
    strides: tuple[int, int, int],
    *,
    channels: int = 1,
    sides: tuple[Side, ...] = (),
    segment: Segment | None = None,
) -> TokenSpec:
    sizes = zip((1024, 1000, 3), strides, strict=True)
    return TokenSpec(
        space="made-up@1:0a1b",
        rate=16_000,
        frame=160,
        channels=channels,
        levels=tuple(Level(size, stride) for size, stride in sizes),
        prefixes=(1, 3),
        sides=sides,
        segment=segment,
    )


def _random(spec: TokenSpec, frames: int, source: Source | None, streams: int = 1) -> AudioTokens:
    random = np.random.default_rng(0)
    stacks = tuple(
        random.integers(level.size, size=(streams, spec.frames_of(k, frames)), dtype=np.int32)
        for k, level in enumerate(spec.levels)
    )
    segments = len(spec.split(frames))
    sides = {
        side.name: random.standard_normal(
            (streams, *((segments,) if side.per == "segment" else ()), *side.shape)
        ).astype(side.dtype)
        for side in spec.sides
    }
    return AudioTokens(spec, stacks, sides, source=source)
