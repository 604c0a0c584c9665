"""Frames of tokens as the steps that a model of frames reads."""

from __future__ import annotations

import numpy as np

from vocable.errors import TokenError
from vocable.language.frames.config import FramesConfig
from vocable.language.lessons import GIVEN, NOTHING, Lesson
from vocable.tokens import EMPTY, AudioTokens


def frames_lesson(
    config: FramesConfig, tokens: AudioTokens, *, begins: bool = True, ends: bool = True
) -> Lesson:
    """Return the steps of tokens of all its streams, each id of which the model foretells.

    begins, ends: whether they are the first and the last of their recording; what comes from its
    middle is marked so, since nothing tells how it began.
    """
    if tokens.streams != config.streams:
        raise TokenError(
            f"this model of frames reads {config.streams} streams, but the tokens have "
            f"{tokens.streams}"
        )
    tokens = tokens.expand()
    tokens = tokens if tokens.levels == config.levels else tokens.first(config.levels)
    order = config.order
    grid = order.arrange(tokens).transpose(2, 1, 0).astype(np.int64)
    grid = grid.reshape(len(grid), grid.shape[1] * grid.shape[2])  # of no steps, too
    if order.deep and not ends:  # what row 0 holds there is not known
        grid = grid[grid[:, 0] != EMPTY]
    rows = np.array(config.rows)
    levels = np.where(grid == EMPTY, GIVEN, rows)
    lead = np.full((1, grid.shape[1]), NOTHING)
    lead[0, 0] = config.begin if begins else config.inside
    ids = np.concatenate((lead, np.where(grid == EMPTY, NOTHING, grid)))
    levels = np.concatenate((np.full_like(lead, GIVEN), levels))
    return _ended(config, ids, levels) if ends and config.ends else Lesson(ids, levels)


def _ended(config: FramesConfig, ids: np.ndarray, levels: np.ndarray) -> Lesson:
    """Put the end behind the last code of row 0."""
    after = int(np.flatnonzero(ids[:, 0] != NOTHING)[-1]) + 1
    if after == len(ids):
        more = np.full((1, ids.shape[1]), NOTHING)
        ids, levels = np.concatenate((ids, more)), np.concatenate((levels, more))
    ids[after, 0], levels[after, 0] = config.end, config.streams * config.levels
    return Lesson(ids, levels)
