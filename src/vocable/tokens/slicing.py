"""Cut tokens out and join them in time.

Both are exact: `tokens[a:b] + tokens[b:c]` holds the codes of `tokens[a:c]`. What would change
the meaning of a code (half a coarse token, a segment without its edge, another speaker's timbre)
is refused instead.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from ..errors import TokenError

if TYPE_CHECKING:
    from .values import AudioTokens


def cut(tokens: AudioTokens, key: slice) -> AudioTokens:
    """Return the frames of a slice, as `tokens[a:b]`; its source is not known any more."""
    if not isinstance(key, slice) or key.step not in (None, 1):
        raise TokenError(f"tokens are cut in frames by tokens[start:stop], got [{key!r}]")
    start, stop, _ = key.indices(tokens.frames)
    if start >= stop:
        start = stop = 0  # nothing is nothing wherever it is cut
    if tokens.durations is not None:
        return _cut_durations(tokens, start, stop)
    return _cut_frames(tokens, start, stop)


def _cut_frames(tokens: AudioTokens, start: int, stop: int) -> AudioTokens:
    ends = [0, *accumulate(tokens.segments)]
    if tokens.spec.segment is not None:
        return _cut_segments(tokens, start, stop, ends)
    step = tokens.spec.step
    for place in (start, stop):
        if place % step and place != tokens.frames:
            raise TokenError(
                f"a cut must fall on a multiple of {step} frames, where the tokens of "
                f"all levels begin, got {place}"
            )
    stacks = []
    for level, codes in zip(tokens.spec.levels, tokens.stacks, strict=False):
        stacks.append(codes[:, -(-start // level.stride) : -(-stop // level.stride)])
    return _like(tokens, tuple(stacks))


def _cut_segments(tokens: AudioTokens, start: int, stop: int, ends: list[int]) -> AudioTokens:
    for place in (start, stop):
        if place not in ends:
            raise TokenError(
                f"a cut must fall between segments of {tokens.spec.segment_frames} "
                f"frames, got {place}"
            )
    first, last = ends.index(start), ends.index(stop)
    sizes = tokens.segments
    whole = tokens.spec.segment_frames
    if any(n != whole for n in sizes[first : max(first, last - 1)]):
        raise TokenError(
            f"segments {first} to {last - 1} can only be cut out one by one: a short "
            "one stands before the last"
        )
    stacks = []
    for level, codes in zip(tokens.spec.levels, tokens.stacks, strict=False):
        places = [0, *accumulate(-(-n // level.stride) for n in sizes)]
        stacks.append(codes[:, places[first] : places[last]])
    sides = {
        side.name: tokens.sides[side.name][:, first:last]
        for side in tokens.spec.sides
        if side.per == "segment"
    }
    return _like(tokens, tuple(stacks), sides)


def _cut_durations(tokens: AudioTokens, start: int, stop: int) -> AudioTokens:
    """Cut in base frames; a token that lasts across the cut stays on both sides, shortened."""
    assert tokens.durations is not None
    ends = np.cumsum(tokens.durations)
    begins = ends - tokens.durations
    lasting = np.minimum(ends, stop) - np.maximum(begins, start)
    kept = lasting > 0
    stacks = tuple(codes[:, kept] for codes in tokens.stacks)
    return _like(tokens, stacks, durations=lasting[kept])


def join(first: AudioTokens, *rest: AudioTokens) -> AudioTokens:
    """Join in time; every part but the last must end where the tokens of all levels end."""
    parts = (first, *rest)
    for other in rest:
        _check_alike(first, other)
    for part in parts[:-1]:
        _check_whole(part)
    if parts[-1].segments != parts[-1].spec.split(parts[-1].frames):
        raise TokenError(
            "the last of the joined tokens has a short segment before its last; cut "
            "that one off first"
        )
    stacks = tuple(
        np.concatenate([part.stacks[k] for part in parts], axis=1) for k in range(first.levels)
    )
    sides = {
        side.name: np.concatenate([part.sides[side.name] for part in parts], axis=1)
        for side in first.spec.sides
        if side.per == "segment"
    }
    durations = None
    if first.durations is not None:
        durations = np.concatenate([part.durations for part in parts])
    return _like(first, stacks, sides, durations)


def _check_alike(a: AudioTokens, b: AudioTokens) -> None:
    if a.spec != b.spec:
        raise TokenError(f"tokens of {b.spec.space} cannot be joined to tokens of {a.spec.space}")
    if (a.levels, a.streams) != (b.levels, b.streams):
        raise TokenError(
            f"tokens to join must have equal levels and streams, got {a.levels} × "
            f"{a.streams} and {b.levels} × {b.streams}; use tokens.first(n)"
        )
    if (a.durations is None) != (b.durations is None):
        raise TokenError("tokens with durations cannot be joined to tokens without")
    for side in a.spec.sides:
        if side.per == "item" and a.sides[side.name].tobytes() != b.sides[side.name].tobytes():
            raise TokenError(
                f"side {side.name} differs between the tokens to join, and holds for "
                "a whole item; decode them apart"
            )


def _check_whole(part: AudioTokens) -> None:
    unit = part.spec.step if part.spec.segment is None else part.spec.segment_frames
    uneven = any(n % unit for n in part.segments)
    if part.durations is None and uneven:
        raise TokenError(
            f"only the last of the joined tokens may end in part of {unit} frames, "
            f"got one of {part.frames} frames"
        )


def _like(
    tokens: AudioTokens,
    stacks: tuple[np.ndarray, ...],
    sides: dict[str, np.ndarray] | None = None,
    durations: np.ndarray | None = None,
) -> AudioTokens:
    """Make tokens of the same spec and item sides, without a source."""
    from .values import AudioTokens

    items = {s.name: tokens.sides[s.name] for s in tokens.spec.sides if s.per == "item"}
    return AudioTokens(tokens.spec, stacks, items | (sides or {}), durations)
