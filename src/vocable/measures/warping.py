"""Distances of sequences of frames of unequal length, by dynamic time warping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64, Shaped

CELLS = 1 << 20  # of the tables of pairs that are computed together


def warped_distances(
    sequences: Sequence[Shaped[np.ndarray, "_ ..."]],
) -> Float64[np.ndarray, "items items"]:
    """Return the distance of every sequence to every other, each `[frames]` or `[frames, dim]`.

    The path of least sum from the first frames to the last, its steps one frame further in either
    or both; the sum over the number of its pairs of frames. Where sums are equal, the diagonal
    comes first, then a step in the second sequence. Codes lie 0 or 1 apart, vectors their angle
    over π. Sequences are compared in their order and the table mirrored, so it is symmetric.
    """
    kinds, places = np.unique(np.concatenate(list(sequences)), axis=0, return_inverse=True)
    between = frame_distances(kinds)
    lengths = np.array([len(each) for each in sequences])
    padded = np.zeros((len(sequences), lengths.max()), np.int64)
    padded[np.arange(lengths.max()) < lengths[:, None]] = places.reshape(-1)
    found = np.zeros((len(sequences),) * 2, np.float64)
    first, second = np.triu_indices(len(sequences), 1)
    step = max(1, CELLS // padded.shape[1] ** 2)
    for at in range(0, first.size, step):
        a, b = first[at : at + step], second[at : at + step]
        pairs = between[padded[a][:, :, None], padded[b][:, None, :]]
        found[a, b] = _least_means(pairs, lengths[a], lengths[b])
    return found + found.T


def frame_distances(kinds: Shaped[np.ndarray, "kinds ..."]) -> Float64[np.ndarray, "kinds kinds"]:
    """Return the distances of different frames to each other, 0 to 1, exactly 0 to themselves."""
    if kinds.ndim == 1:
        apart: np.ndarray = 1.0 - np.eye(len(kinds))
        return apart
    unit = kinds.astype(np.float64)
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    upper = np.triu(np.arccos(np.clip(unit @ unit.T, -1, 1)) / np.pi, 1)
    angles: np.ndarray = upper + upper.T
    return angles


def _least_means(
    pairs: Float64[np.ndarray, "pairs rows columns"],
    rows: Int64[np.ndarray, "pairs"],
    columns: Int64[np.ndarray, "pairs"],
) -> Float64[np.ndarray, "pairs"]:
    """Return the sum over the number of steps of each pair's best path, all pairs at once.

    What lies beyond a pair's own rows and columns never reaches its last cell.
    """
    count, height, width = pairs.shape
    sums = np.full((count, height + 1, width + 1), np.inf)
    steps = np.zeros((count, height + 1, width + 1), np.int64)
    sums[:, 0, 0] = 0
    for i in range(height):
        for j in range(width):
            diagonal, left, up = sums[:, i, j], sums[:, i + 1, j], sums[:, i, j + 1]
            straight = (diagonal <= left) & (diagonal <= up)
            sideways = ~straight & (left <= up)
            way = np.where(straight, 0, np.where(sideways, 1, 2))
            sums[:, i + 1, j + 1] = pairs[:, i, j] + np.choose(way, (diagonal, left, up))
            before = steps[:, i, j], steps[:, i + 1, j], steps[:, i, j + 1]
            steps[:, i + 1, j + 1] = 1 + np.choose(way, before)
    each = np.arange(count)
    found: np.ndarray = sums[each, rows, columns] / steps[each, rows, columns]
    return found
