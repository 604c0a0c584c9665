"""Find what should make a reader look twice at a whole set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vocable.evaluate.summary.board import sign
from vocable.evaluate.summary.evidence import Evidence, alike, gains, listed
from vocable.evaluate.summary.values import Row
from vocable.evaluate.systems.system import CONTROL, ORIGINAL
from vocable.measures.registry import find

FEW = 10  # owners: with fewer, intervals of means are a guess
NEAR = 0.02  # of the span between worst and best: means that lie as near to the best say no more
OWN_ERROR = 0.3  # of the words: a recogniser that loses more on the originals tells little
CONFUSED = 0.15  # equal error rate: an embedding that confuses more tells little


def few_owners(evidence: Evidence) -> Iterator[str]:
    """Too few speakers for an interval."""
    owners = evidence.rows[0].owners
    if owners < FEW:
        yield f"{owners} speakers, or recordings by themselves: intervals are a guess below {FEW}"


def saturated(evidence: Evidence) -> Iterator[str]:
    """Measures by which several systems are as good as the recordings themselves."""
    original = evidence.row(ORIGINAL)
    near: dict[str, list[str]] = {}
    for measure in evidence.board.measures:
        best, span = _scale(measure, original)
        near[measure] = [
            row.system
            for row in evidence.rows
            if row.family != CONTROL
            and measure in row.cells
            and sign(measure) * (best - row.cells[measure].interval.mean) <= NEAR * span
        ]
    for measures, systems in alike(near):
        if len(systems) > 1:
            yield (
                f"{measures} cannot tell {listed(systems)} apart: they lie within {NEAR:.0%} of "
                "the scale from the recordings themselves, or beyond them"
            )


def above_original(evidence: Evidence) -> Iterator[str]:
    """Measures by which systems surely beat the recordings themselves."""
    others = [row.system for row in evidence.rows if row.system != ORIGINAL]
    if not others or evidence.row(ORIGINAL) is None:
        return
    above = {
        measure: [
            system
            for system, gain in gains(evidence.board, measure, [(ORIGINAL, s) for s in others])
            if gain.low > 0
        ]
        for measure in evidence.board.measures
    }
    for measures, systems in alike(above):
        if systems:
            yield f"{measures}: better than the recordings themselves: {listed(systems)}"


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
