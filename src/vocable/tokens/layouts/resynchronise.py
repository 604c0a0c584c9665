"""Find the frames in a row of tokens of which some are missing, or which do not belong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Int64


@dataclass(frozen=True)
class Found:
    """Where whole cycles begin, and what lies between them.

    starts      the first token of each whole cycle
    broken      before each of them, and after the last: how many cycles the tokens there are of
    tail        where the beginning of one more cycle stands, at the very end; else the length
    """

    starts: Int64[np.ndarray, " cycles"]
    broken: list[int]
    tail: int


def resynchronise(labels: Int[np.ndarray, " tokens"], cycle: Sequence[int]) -> Found:
    """Return as many whole cycles as stand in a row of labels, such as the levels of tokens.

    A cycle of which a token is missing is skipped to the next whole one; so is a token too many.
    Cycles of which nothing is left cannot be noticed.
    """
    starts = _starts(labels, cycle)
    ends = np.concatenate([[0], starts + len(cycle)])
    rest = labels[ends[-1] :]
    has_tail = len(rest) < len(cycle) and list(rest) == list(cycle[: len(rest)])
    tail = int(ends[-1]) if has_tail else len(labels)
    borders = np.append(starts, tail)
    broken = [_cycles(labels[end:start], cycle) for end, start in zip(ends, borders, strict=True)]
    return Found(starts, broken, tail)


def _starts(labels: np.ndarray, cycle: Sequence[int]) -> np.ndarray:
    """Return the starts of whole cycles from the left; all are equally long, so none is missed."""
    count = len(labels) - len(cycle) + 1
    if count <= 0:
        return np.zeros(0, np.int64)
    whole = np.ones(count, bool)
    for offset, label in enumerate(cycle):
        whole &= labels[offset : offset + count] == label
    found: list[int] = []
    for start in np.flatnonzero(whole):
        if not found or start >= found[-1] + len(cycle):
            found.append(int(start))
    return np.array(found, np.int64)


def _cycles(labels: np.ndarray, cycle: Sequence[int]) -> int:
    """Return the fewest cycles of which these tokens can be what is left."""
    count, place = 0, len(cycle)
    for label in labels.tolist():
        after = [k for k in range(place, len(cycle)) if cycle[k] == label]
        if not after:
            count += 1
            after = [k for k in range(len(cycle)) if cycle[k] == label]
        place = after[0] + 1
    return count
