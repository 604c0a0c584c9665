"""Cut frames out of tokens: `tokens[a:b] + tokens[b:c]` holds the codes of `tokens[a:c]`.

A cut that would change the meaning of a code is refused: inside a token of a coarse level, or
inside a segment.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from ..errors import TokenError
from .arrays import TokenArrays, TokensLike


def cut(tokens: TokensLike, key: slice) -> TokenArrays:
    """Return the arrays of the frames `start` to `stop` of a slice."""
    if not isinstance(key, slice) or key.step not in (None, 1):
        raise TokenError(f"tokens are cut in frames by tokens[start:stop], got [{key!r}]")
    start, stop, _ = key.indices(tokens.frames)
    if start >= stop:
        start = stop = 0  # an empty slice may lie anywhere, also where a cut would be refused
    if tokens.durations is not None:
        return _cut_durations(tokens, tokens.durations, start, stop)
    if tokens.spec.segment is not None:
        return _cut_segments(tokens, start, stop)
    return _cut_frames(tokens, start, stop)


def _cut_frames(tokens: TokensLike, start: int, stop: int) -> TokenArrays:
    step = tokens.spec.step
    for edge in (start, stop):
        if edge % step and edge != tokens.frames:
            raise TokenError(
                f"a cut must fall on a multiple of {step} frames, where the tokens of "
                f"all levels begin, got {edge}"
            )
    stacks = [
        codes[:, -(-start // level.stride) : -(-stop // level.stride)]
        for level, codes in zip(tokens.spec.levels, tokens.stacks, strict=False)
    ]
    return TokenArrays(tuple(stacks), _item_sides(tokens), None)


def _cut_segments(tokens: TokensLike, start: int, stop: int) -> TokenArrays:
    sizes, full = tokens.segments, tokens.spec.segment_frames
    edges = [0, *accumulate(sizes)]
    for edge in (start, stop):
        if edge not in edges:
            raise TokenError(f"a cut must fall between segments of {full} frames, got {edge}")
    first, last = edges.index(start), edges.index(stop)
    if any(n != full for n in sizes[first : max(first, last - 1)]):
        raise TokenError(
            f"segments {first} to {last - 1} can only be cut out one by one: a segment shorter "
            f"than {full} frames must be the last"
        )
    stacks = []
    for level, codes in zip(tokens.spec.levels, tokens.stacks, strict=False):
        begins = [0, *accumulate(-(-n // level.stride) for n in sizes)]
        stacks.append(codes[:, begins[first] : begins[last]])
    sides = {s.name: tokens.sides[s.name][:, first:last] for s in tokens.spec.segment_sides}
    return TokenArrays(tuple(stacks), _item_sides(tokens) | sides, None)


def _cut_durations(tokens: TokensLike, durations: np.ndarray, start: int, stop: int) -> TokenArrays:
    """Cut in base frames; a token that lasts across the cut is kept on both sides, shortened."""
    ends = np.cumsum(durations)
    inside = np.minimum(ends, stop) - np.maximum(ends - durations, start)
    kept = inside > 0
    stacks = tuple(codes[:, kept] for codes in tokens.stacks)
    return TokenArrays(stacks, _item_sides(tokens), inside[kept])


def _item_sides(tokens: TokensLike) -> dict[str, np.ndarray]:
    return {side.name: tokens.sides[side.name] for side in tokens.spec.item_sides}
