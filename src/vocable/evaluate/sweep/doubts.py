"""Find what should make a reader look twice, before a table is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vocable.evaluate.intervals import Interval
from vocable.evaluate.speakers import Verification
from vocable.evaluate.sweep.board import Board, sign
from vocable.evaluate.sweep.study import CONTROL, ORIGINAL
from vocable.evaluate.sweep.summary import Doubt, Row
from vocable.measures.delays import CAP
from vocable.measures.registry import find

FEW = 10  # owners: with fewer, intervals of means are a guess
COVERED = 0.9  # of the recordings that a measure should have a value for
NEAR = 0.02  # of the span between worst and best: means that lie as near to the best say no more
IMPOSSIBLE = {"stoi": 0.3, "pesq_wb": 1.4}  # nothing that is so hard to follow sounds so good
OWN_ERROR = 0.3  # of the words: a recogniser that loses more on the originals tells little
LISTED = 5  # names in one reason
CONFUSED = 0.15  # equal error rate: an embedding that confuses more tells little


@dataclass(frozen=True)
class Evidence:
    """What is known of a set; own: the errors of embeddings on the recordings as they are."""

    board: Board
    rows: Sequence[Row]
    own: Mapping[str, Verification | None]

    def row(self, system: str) -> Row | None:
        """Return the row of a system."""
        return next((row for row in self.rows if row.system == system), None)


def doubts(evidence: Evidence) -> list[Doubt]:
    """Return the reasons to doubt of a set: of the whole set first, then system by system."""
    of_set = [Doubt(evidence.board.set, "", reason) for find in OF_SET for reason in find(evidence)]
    return of_set + [
        Doubt(evidence.board.set, row.system, reason)
        for row in evidence.rows
        for find in OF_SYSTEM
        for reason in find(evidence, row)
    ]


def few_owners(evidence: Evidence) -> Iterator[str]:
    """Too few speakers for an interval."""
    owners = evidence.rows[0].owners
    if owners < FEW:
        yield f"{owners} speakers, or recordings by themselves: intervals are a guess below {FEW}"


def saturated(evidence: Evidence) -> Iterator[str]:
    """Measures by which several systems are as good as the recordings themselves."""
    original = evidence.row(ORIGINAL)
    for measure in evidence.board.measures:
        best, span = _scale(measure, original)
        near = [
            row.system
            for row in evidence.rows
            if row.family != CONTROL
            and measure in row.cells
            and sign(measure) * (best - row.cells[measure].interval.mean) <= NEAR * span
        ]
        if len(near) > 1:
            yield (
                f"{measure} hardly tells {_listed(near)} apart: they are within {NEAR:.0%} of its "
                f"scale of {find(measure).format(best)}, the best"
            )


def original_below_best(evidence: Evidence) -> Iterator[str]:
    """Measures that do not give the recordings themselves their best value."""
    original = evidence.row(ORIGINAL)
    for measure in original.cells if original else ():
        best, span = _scale(measure, None)
        mean = original.cells[measure].interval.mean if original else 0.0
        printed = 10.0 ** -find(measure).digits
        if find(measure).reference and abs(best - mean) > max(NEAR * span, printed):
            shown = find(measure).format
            yield f"{measure} gives the recordings themselves {shown(mean)}, not {shown(best)}"


def poor_recogniser(evidence: Evidence) -> Iterator[str]:
    """Recognisers that mishear the recordings as they are."""
    original = evidence.row(ORIGINAL)
    for name, errors in original.words.items() if original else ():
        if errors.own and errors.own.rate > OWN_ERROR:
            yield (
                f"{name} has {errors.own.rate:.0%} of the words wrong in the recordings "
                "themselves: it tells little of systems"
            )


def poor_embedding(evidence: Evidence) -> Iterator[str]:
    """Embeddings that confuse speakers in the recordings as they are."""
    for name, trials in evidence.own.items():
        if trials is None:
            yield f"{name} cannot be checked: no two speakers, one of them with two recordings"
        elif trials.rate > CONFUSED:
            yield f"{name} confuses {trials.rate:.0%} of the speakers of the recordings themselves"


def faults(evidence: Evidence, row: Row) -> Iterator[str]:
    """Recordings of which a system made nothing."""
    if row.made < row.asked:
        reason, count = next(iter(row.faults.items()))
        yield f"nothing of {row.asked - row.made} of {row.asked} recordings; {count}: {reason}"


def uncovered(evidence: Evidence, row: Row) -> Iterator[str]:
    """Measures without a value for many of the recordings that a system made."""
    by_count: dict[tuple[int, str], list[str]] = {}
    for measure in evidence.board.measures if row.made else ():
        scored = row.cells[measure].scored if measure in row.cells else 0
        if scored < COVERED * row.made:
            reason = next(iter(row.unscored.get(measure, {})), "no reason is known")
            by_count.setdefault((scored, reason), []).append(measure)
    for (scored, reason), measures in by_count.items():
        yield f"{_listed(measures)} of {scored} of {row.made} recordings alone: {reason}"


def late(evidence: Evidence, row: Row) -> Iterator[str]:
    """Delays that are too long to be made good."""
    made = [each for each in evidence.board.results[row.system].values() if not each.fault]
    far = [each.delay for each in made if abs(each.delay) > CAP]
    if far:
        yield (
            f"{len(far)} of {len(made)} recordings come more than {CAP * 1000:.0f} ms late or "
            f"early, which is not made good; the median of those is {np.median(far) * 1000:+.0f} ms"
        )


def unknown_bits(evidence: Evidence, row: Row) -> Iterator[str]:
    """Systems of which nobody knows what they cost."""
    if row.made and row.bitrate is None and row.family != CONTROL:
        yield "its bits are not known, so neither is its bitrate"


def impossible(evidence: Evidence, row: Row) -> Iterator[str]:
    """Scores that cannot belong to one recording, as when files were paired wrongly."""
    found = [
        each.name
        for each in evidence.board.results[row.system].values()
        if each.scores.get("stoi", np.inf) < IMPOSSIBLE["stoi"]
        and each.scores.get("pesq_wb", -np.inf) > IMPOSSIBLE["pesq_wb"]
    ]
    if found:
        yield (
            f"{len(found)} recordings, as {min(found)}, have a STOI below {IMPOSSIBLE['stoi']} "
            f"with a PESQ above {IMPOSSIBLE['pesq_wb']}: are they lined up, and the right ones?"
        )


def above_original(evidence: Evidence, row: Row) -> Iterator[str]:
    """Measures by which a system surely beats the recordings themselves."""
    if row.system == ORIGINAL or evidence.row(ORIGINAL) is None:
        return
    gains = _gains(evidence.board, ORIGINAL, row.system)
    if better := [measure for measure, gain in gains.items() if gain.low > 0]:
        yield f"better than the recordings themselves by {_listed(better)}"


def not_rising(evidence: Evidence, row: Row) -> Iterator[str]:
    """Quality that falls from the family's next lower bitrate, or is flat over a doubling of it."""
    below = [
        other
        for other in evidence.rows
        if other.family == row.family != CONTROL
        and None not in (other.bitrate, row.bitrate)
        and (other.bitrate or 0) < (row.bitrate or 0)
    ]
    below.sort(key=lambda other: other.bitrate or 0)
    if not below:
        return
    gains = _gains(evidence.board, below[-1].system, row.system)
    fallen = [measure for measure, gain in gains.items() if gain.high < 0]
    if fallen:
        yield f"worse than {below[-1].system}, which has a lower bitrate, by {_listed(fallen)}"
    half = [other for other in below if 2 * (other.bitrate or 0) <= (row.bitrate or 0)]
    if half:
        gains = _gains(evidence.board, half[-1].system, row.system)
        flat = [m for m, gain in gains.items() if gain.low <= 0 and m not in fallen]
        if flat:
            yield f"not surely better than {half[-1].system} at half the bitrate by {_listed(flat)}"


OF_SET: tuple[Callable[[Evidence], Iterable[str]], ...] = (
    few_owners,
    saturated,
    original_below_best,
    poor_recogniser,
    poor_embedding,
)
OF_SYSTEM: tuple[Callable[[Evidence, Row], Iterable[str]], ...] = (
    faults,
    uncovered,
    late,
    unknown_bits,
    impossible,
    above_original,
    not_rising,
)


def _scale(measure: str, original: Row | None) -> tuple[float, float]:
    """Return the best value, that of the original if it is known, and the span down to the worst.

    The span of a measure without a worst or a best value is 0.
    """
    low, high = find(measure).range
    best = high if sign(measure) > 0 else low
    if original and measure in original.cells:
        best = original.cells[measure].interval.mean
    span = high - low
    return best, span if sign(measure) and np.isfinite(span) else 0.0


def _gains(board: Board, before: str, after: str) -> dict[str, Interval]:
    """Return how much better one system is than another, by measure; more is always better."""
    found = {}
    for measure in board.measures:
        if sign(measure):
            gains = sign(measure) * board.gains(measure, [(before, after)])
            (found[measure],) = board.intervals(gains)
    return {measure: gain for measure, gain in found.items() if gain is not None}


def _listed(names: Sequence[str]) -> str:
    """Return names in a sentence, not more than a handful of them."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
