"""Arrange tokens over time for a picture: a row for each level of each stream, named.

A latent has a row for each number of its frames.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from .spec_parts import level_name
from .values import AudioTokens

NAMED = 16  # every so many rows of a latent one has its name


def rows_a_stream(tokens: AudioTokens) -> int:
    """Return how many rows a stream has in the grid."""
    return tokens.levels if tokens.spec.latent is None else tokens.spec.latent.dim


def token_grid(
    tokens: AudioTokens, seconds: float, columns: int
) -> Float[np.ndarray, "rows columns"]:
    """Return entry / (codebook size - 1) at evenly spaced moments of the first `seconds`.

    Rows go by stream, then by level, as `row_names` names them. A coarse token is as wide as it
    lasts; where segments overlap the later one is shown; after the last token stands NaN. Of a
    latent it is where a number lies between the least and the greatest of all.
    """
    moments = (np.arange(columns) + 0.5) * seconds / columns
    over = moments >= float(tokens.spec.seconds(tokens.frames))
    if tokens.spec.latent is not None:
        frames = np.minimum(
            (moments * float(tokens.spec.frame_rate)).astype(int), tokens.frames - 1
        )
        rows = tokens.latents.transpose(0, 2, 1)[..., frames].reshape(-1, columns)
        low, high = tokens.latents.min(), tokens.latents.max()
        return np.where(over, np.nan, (rows - low) / max(high - low, 1e-9))
    grid = np.empty((tokens.streams * tokens.levels, columns))
    for k, (level, codes) in enumerate(zip(tokens.spec.levels, tokens.stacks, strict=False)):
        starts = _starts(tokens, level.stride) / tokens.spec.rate
        shares = codes[:, np.searchsorted(starts, moments, side="right") - 1] / (level.size - 1)
        grid[k :: tokens.levels] = np.where(over, np.nan, shares)
    return grid


def row_names(tokens: AudioTokens) -> list[str]:
    """Return the names of the grid's rows: level, role, and stream where there are several."""
    levels = [level_name(k, level) for k, level in enumerate(tokens.spec.levels[: tokens.levels])]
    if tokens.spec.latent is not None:
        numbers = range(tokens.spec.latent.dim)
        levels = [f"number {k}" if k % NAMED == 0 else "" for k in numbers]
    if tokens.streams == 1:
        return levels
    return [f"stream {stream}, {level}" for stream in range(tokens.streams) for level in levels]


def _starts(tokens: AudioTokens, stride: int) -> Int[np.ndarray, " tokens"]:
    """Return the sample, at the codec's rate, at which each token of a level begins."""
    frame, segment = tokens.spec.frame, tokens.spec.segment
    if tokens.durations is not None:
        return np.asarray((np.cumsum(tokens.durations) - tokens.durations) * frame)
    starts = []
    for number, frames in enumerate(tokens.segments):
        within = np.arange(0, frames, stride) * frame
        if segment is not None:
            within = number * segment.hop + np.minimum(within, segment.hop)
        starts.append(within)
    return np.concatenate(starts)
