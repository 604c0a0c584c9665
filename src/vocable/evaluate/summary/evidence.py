"""Hold what doubts of a set go by, and how they say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vocable.evaluate.intervals import Interval
from vocable.evaluate.speakers import Verification
from vocable.evaluate.summary.board import Board, sign
from vocable.evaluate.summary.values import Row

LISTED = 5  # names in one reason


@dataclass(frozen=True)
class Evidence:
    """What is known of a set; own: the errors of embeddings on the recordings as they are."""

    board: Board
    rows: Sequence[Row]
    own: Mapping[str, Verification | None]

    def row(self, system: str) -> Row | None:
        """Return the row of a system."""
        return next((row for row in self.rows if row.system == system), None)


def gains(
    board: Board, measure: str, pairs: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Interval]]:
    """Yield the second of each pair, and how much better it is; more is always better."""
    columns = sign(measure) * board.gains(measure, pairs)
    for (_, after), gain in zip(pairs, board.intervals(columns), strict=True):
        if gain is not None and sign(measure):
            yield after, gain


def all_gains(board: Board, before: Sequence[str], after: str) -> Iterator[tuple[str, Interval]]:
    """Yield each measure, and how much better the system is by it than the one before, if any."""
    for measure in board.measures if before else ():
        for _, gain in gains(board, measure, [(before[0], after)]):
            yield measure, gain


def alike(systems: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield systems that are the same for several measures once, with the measures listed."""
    measures: dict[tuple[str, ...], list[str]] = {}
    for measure, names in systems.items():
        measures.setdefault(tuple(names), []).append(measure)
    for names, found in measures.items():
        yield listed(found), names


def listed(names: Sequence[str]) -> str:
    """Return names in a sentence, not more than a handful of them."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
