"""Made-up specs and tokens of every kind: multi-rate, segmented, stereo, with sides, durations."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from vocable.tokens import AudioTokens, Level, Segment, Side, Source, TokenSpec

SIZES = (2, 3, 5, 10, 625, 1000, 1024, 4096, 1 << 16, (1 << 24) - 1, 1 << 24)
ROLES = ("acoustic", "semantic", "prosody", "condition")
SHAPES = ((), (1,), (2, 3))
DTYPES = ("float16", "float32", "float64", "uint8", "int64")


@st.composite
def specs(draw, segmented=None, sided=None):
    strides = draw(st.sampled_from([(1,), (4, 2, 1), (1, 1, 1), (2, 1, 4), (3, 2), (2, 4)]))
    levels = tuple(
        Level(draw(st.sampled_from(SIZES)), stride, draw(st.sampled_from(ROLES)))
        for stride in strides
    )
    frame = draw(st.integers(1, 9))
    segment = None
    if draw(st.booleans()) if segmented is None else segmented:
        length = frame * 12 * draw(st.integers(1, 2))
        segment = Segment(length, draw(st.integers(length // 2, length)))
    prefixes = draw(st.sets(st.integers(1, len(levels)))) | {len(levels)}
    names = draw(st.sets(st.sampled_from("abc"))) if sided is None or sided else ()
    pers = ("item", "segment") if segment else ("item",)
    sides = tuple(
        Side(
            name,
            draw(st.sampled_from(SHAPES)),
            draw(st.sampled_from(DTYPES)),
            draw(st.sampled_from(pers)),
        )
        for name in sorted(names)
    )
    window = None if segment else draw(st.sampled_from([None, frame + 3]))
    return TokenSpec(
        "made-up@1:ab12", draw(st.sampled_from([16_000, 24_000, 44_100])), frame,
        draw(st.integers(1, 2)), levels, tuple(sorted(prefixes)),
        out_rate=draw(st.sampled_from([None, 48_000])), window=window, sides=sides,
        segment=segment,
    )  # fmt: skip


@st.composite
def tokens(draw, spec=None, lasting=None):
    spec = draw(specs()) if spec is None else spec
    kept = draw(st.sampled_from(spec.prefixes))
    if lasting is None:
        lasting = spec.uniform and spec.segment is None and draw(st.booleans())
    source = draw(sources(spec)) if draw(st.booleans()) and not lasting else None
    if source is None:
        samples, streams = None, 1 if lasting else draw(st.integers(1, 3))
        frames = draw(st.integers(0, 60))
    else:
        samples, streams = spec.samples(source), -(-source.channels // spec.channels)
        frames = spec.frames(samples)
    return made(spec, kept, streams, frames, samples, source, draw(st.integers(0, 99)), lasting)


@st.composite
def sources(draw, spec):
    rate = draw(st.sampled_from([spec.rate, 8_000, 48_000]))
    most = 60 * spec.frame * rate // spec.rate
    return Source(draw(st.integers(0, most)), rate, draw(st.integers(1, 3)))


def made(spec, kept, streams, frames, samples=None, source=None, seed=0, lasting=False):
    """Fill stacks, sides and durations from a seed."""
    random = np.random.default_rng(seed)
    stacks = tuple(
        random.integers(0, spec.levels[k].size, (streams, spec.frames_of(k, frames, samples)))
        for k in range(kept)
    )
    segments = len(spec.split(frames, samples))
    sides = {
        side.name: random.integers(
            0, 200, (streams, *((segments,) if side.per == "segment" else ()), *side.shape)
        ).astype(side.dtype)
        for side in spec.sides
    }
    durations = random.integers(1, 9, stacks[0].shape[1]) if lasting else None
    return AudioTokens(spec, stacks, sides, durations, source)
