"""Write equal neighbours as one token with a duration, and back: nothing is lost."""

from __future__ import annotations

import numpy as np

from ..errors import TokenError
from .arrays import TokensLike
from .checks import MAX_DURATION

Parts = tuple[list[np.ndarray], np.ndarray]


def merge(tokens: TokensLike) -> Parts:
    """Return stacks in which no token equals the one before it in all levels, and durations.

    A run of more than 65 536 frames becomes several tokens.
    """
    if tokens.spec.latent is not None:
        raise TokenError("dedup needs codes; neighbours of floats are hardly ever equal")
    if tokens.streams != 1 or not tokens.spec.uniform or tokens.spec.segment is not None:
        raise TokenError("dedup needs one stream, strides of 1 and no segments; take one channel")
    codes = np.stack([stack[0] for stack in tokens.stacks])
    durations = np.ones(codes.shape[1], np.int64) if tokens.durations is None else tokens.durations
    changes = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
    first = np.flatnonzero(np.concatenate([[codes.shape[1] > 0], changes]))
    lasting = np.add.reduceat(durations, first) if first.size else durations
    pieces = -(-lasting // MAX_DURATION)
    kept = np.repeat(first, pieces)
    split = np.full(kept.size, MAX_DURATION, np.int64)
    split[np.cumsum(pieces) - 1] = lasting - (pieces - 1) * MAX_DURATION
    return [row[None, kept] for row in codes], split


def repeat(tokens: TokensLike) -> list[np.ndarray]:
    """Return stacks with a token in every frame."""
    if tokens.durations is None:
        return list(tokens.stacks)
    return [np.repeat(stack, tokens.durations, axis=1) for stack in tokens.stacks]
