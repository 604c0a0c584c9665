"""Say how sure the order of systems is, by drawing owners again and ranking each draw."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from vocable.evaluate.intervals import Means, bootstrap_means
from vocable.evaluate.summary.board import Board, sign
from vocable.evaluate.summary.values import Ranks

COVERAGE = 0.9  # of the recordings that a system must have a value for, to be ranked
ROUNDING = 1e-9  # of the largest mean: means that differ by less are equal


def ranks(board: Board) -> list[Ranks]:
    """Return the ranks by each measure that has a better and a worse, of two systems or more.

    Controls have no rank. A system without most of its values has none either: the order is that
    over recordings that all have, and it would leave few of them.
    """
    return [found for m in board.measures if sign(m) and (found := _of_measure(board, m))]


def _of_measure(board: Board, measure: str) -> Ranks | None:
    covered = [s for s in board.judged if _coverage(board, measure, s) >= COVERAGE]
    if len(covered) < 2:
        return None
    columns = sign(measure) * board.columns(measure, covered)
    common = ~np.isnan(columns).any(axis=0)
    if not common.any():
        return None
    sums, sizes = board.by_owner(np.where(common, columns, np.nan))
    means = sums.sum(axis=1) / sizes.sum(axis=1)
    order = np.argsort(-means, kind="stable")
    drawn = bootstrap_means(sums[order], sizes[order])
    drawn = drawn[~np.isnan(drawn[:, 0])]
    shares = places(drawn)
    named = {covered[k]: tuple(map(float, row)) for k, row in zip(order, shares, strict=True)}
    return Ranks(board.set, measure, named, kept(drawn), int(common.sum()))


def places(means: Means) -> Float64[np.ndarray, "columns columns"]:
    """Return the share of draws in which each column has each place, the largest first.

    Columns that are equal in a draw share the places that they take together.
    """
    count = means.shape[1]
    near = ROUNDING * np.abs(means).max(initial=0.0)
    shares = np.zeros((count, count))
    for k in range(count):
        ahead = (means > means[:, [k]] + near).sum(axis=1)
        equal = (np.abs(means - means[:, [k]]) <= near).sum(axis=1)
        for place in range(count):
            has_it = (ahead <= place) & (place < ahead + equal)
            shares[k, place] = (has_it / equal).mean()
    return shares


def kept(means: Means) -> float:
    """Return the share of draws in which each column is larger than the next."""
    near = ROUNDING * np.abs(means).max(initial=0.0)
    return float((np.diff(means, axis=1) < -near).all(axis=1).mean())


def _coverage(board: Board, measure: str, system: str) -> float:
    return float(np.mean(~np.isnan(board.columns(measure, [system]))))
