"""Join tokens in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import TokenError
from .arrays import TokenArrays, TokensLike
from .spec import TokenSpec


def concatenate(
    parts: Sequence[TokensLike],
    spec: TokenSpec,
    levels: int,
    streams: int,
    item_sides: dict[str, np.ndarray],
    durations: bool,
) -> TokenArrays:
    """Return the arrays of all parts one after the other; no parts at all give no frames.

    All parts must be of this spec and have these levels and streams; nothing else is checked.
    """
    stacks = tuple(
        np.concatenate([_no_tokens(spec, streams), *(part.stacks[k] for part in parts)], 1)
        for k in range(levels)
    )
    sides = dict(item_sides)
    for side in spec.segment_sides:
        empty = np.zeros((streams, 0, *side.shape), side.dtype)
        sides[side.name] = np.concatenate([empty, *(p.sides[side.name] for p in parts)], 1)
    if not durations:
        return TokenArrays(stacks, sides, None)
    lasting = [part.durations for part in parts if part.durations is not None]
    return TokenArrays(stacks, sides, np.concatenate([np.zeros(0, np.int64), *lasting]))


def _no_tokens(spec: TokenSpec, streams: int) -> np.ndarray:
    if spec.latent is None:
        return np.zeros((streams, 0), np.int32)
    return np.zeros((streams, 0, spec.latent.dim), np.float32)


def join(parts: Sequence[TokensLike]) -> TokenArrays:
    """Return the arrays of the joined parts; what would change the meaning of a code is refused.

    All parts must agree in levels, streams, item sides and spec, but for the rate that is written,
    and each but the last must end where the tokens of all levels end. Parts without frames add
    nothing.
    """
    if not parts:
        raise TokenError("tokens to join must be at least 1, got none")
    first = parts[0]
    for other in parts[1:]:
        _check_alike(first, other)
    parts = [part for part in parts if part.frames]
    for part in parts[:-1]:
        _check_end(part)
    if parts and parts[-1].segments != parts[-1].spec.split(parts[-1].frames):
        raise TokenError(
            "the last of the tokens to join has a short segment before its last; cut that one off "
            "first"
        )
    items = {side.name: first.sides[side.name] for side in first.spec.item_sides}
    lasting = first.durations is not None
    return concatenate(parts, first.spec, first.levels, first.streams, items, lasting)


def _check_alike(a: TokensLike, b: TokensLike) -> None:
    if not a.spec.same_codes(b.spec):
        raise TokenError(f"tokens of {b.spec.space} cannot be joined to tokens of {a.spec.space}")
    if (a.levels, a.streams) != (b.levels, b.streams):
        raise TokenError(
            f"tokens to join must have equal levels and streams, got {a.levels} × "
            f"{a.streams} and {b.levels} × {b.streams}; use tokens.first(n)"
        )
    if (a.durations is None) != (b.durations is None):
        raise TokenError("tokens with durations cannot be joined to tokens without")
    for side in a.spec.item_sides:
        if a.sides[side.name].tobytes() != b.sides[side.name].tobytes():
            raise TokenError(
                f"side {side.name} holds for a whole item and differs between the tokens to join; "
                "decode them apart"
            )


def _check_end(part: TokensLike) -> None:
    unit = part.spec.step if part.spec.segment is None else part.spec.segment_frames
    if part.durations is None and any(n % unit for n in part.segments):
        raise TokenError(
            f"only the last of the tokens to join may end in part of {unit} frames, "
            f"got one of {part.frames} frames"
        )
