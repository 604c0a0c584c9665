"""Distances of sequences of frames of unequal length, by dynamic time warping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64, Shaped

CELLS = 1 << 16  # of the tables of pairs that are computed together


def warped_distances(
    sequences: Sequence[Shaped[np.ndarray, "_ ..."]],
) -> Float64[np.ndarray, "items items"]:
    """Return the distance of every sequence to every other, each `[frames]` or `[frames, dim]`.

    The path of least sum from the first frames to the last, its steps one frame further in either
    or both; the sum over the number of its pairs of frames. Where sums are equal, the diagonal
    comes first, then a step in the second sequence. Codes lie 0 or 1 apart, vectors their angle
    over π. Sequences are compared in their order and the table mirrored, so it is symmetric.
    Memory grows with the square of the number of different frames, and of the sequences.
    """
    kinds, places = np.unique(np.concatenate(list(sequences)), axis=0, return_inverse=True)
    between = frame_distances(kinds)
    lengths = np.array([len(each) for each in sequences])
    padded = np.zeros((len(sequences), lengths.max()), np.int64)
    padded[np.arange(lengths.max()) < lengths[:, None]] = places.reshape(-1)
    found = np.zeros((len(sequences),) * 2, np.float64)
    first, second = np.triu_indices(len(sequences), 1)
    order = np.lexsort((lengths[second], lengths[first]))  # equal lengths together: less padding
    first, second = first[order], second[order]
    at = 0
    while at < first.size:
        step = max(1, CELLS // int(lengths[first[at]] * lengths.max()))
        a, b = first[at : at + step], second[at : at + step]
        rows, columns = lengths[a], lengths[b]
        one, two = padded[a, : rows.max()].T, padded[b, : columns.max()].T
        pairs = between[one[:, None], two[None]]
        found[a, b] = _least_means(pairs, rows, columns)
        at += step
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
    pairs: Float64[np.ndarray, "rows columns pairs"],
    rows: Int64[np.ndarray, "pairs"],
    columns: Int64[np.ndarray, "pairs"],
) -> Float64[np.ndarray, "pairs"]:
    """Return the sum over the number of steps of each pair's best path, all pairs at once.

    What lies beyond a pair's own rows and columns never reaches its last cell.
    """
    height, width, count = pairs.shape
    sums = np.full((height + 1, width + 1, count), np.inf)
    steps = np.zeros((height + 1, width + 1, count), np.int64)
    sums[0, 0] = 0
    for i in range(height):
        for j in range(width):
            diagonal, left, up = sums[i, j], sums[i + 1, j], sums[i, j + 1]
            least = np.minimum(left, up)
            sideways = np.where(left <= up, steps[i + 1, j], steps[i, j + 1])
            steps[i + 1, j + 1] = 1 + np.where(diagonal <= least, steps[i, j], sideways)
            sums[i + 1, j + 1] = pairs[i, j] + np.minimum(diagonal, least)
    each = np.arange(count)
    found: np.ndarray = sums[rows, columns, each] / steps[rows, columns, each]
    return found
