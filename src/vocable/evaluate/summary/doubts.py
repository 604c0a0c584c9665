"""Find what should make a reader look twice, before a table is believed."""

from __future__ import annotations

from vocable.evaluate.summary import set_doubts, system_doubts
from vocable.evaluate.summary.evidence import Evidence
from vocable.evaluate.summary.values import Doubt

OF_SET = (
    set_doubts.few_owners,
    set_doubts.saturated,
    set_doubts.above_original,
    set_doubts.original_below_best,
    set_doubts.poor_recogniser,
    set_doubts.poor_embedding,
)
OF_SYSTEM = (
    system_doubts.faults,
    system_doubts.uncovered,
    system_doubts.late,
    system_doubts.unknown_bits,
    system_doubts.impossible,
    system_doubts.not_rising,
)


def doubts(evidence: Evidence) -> list[Doubt]:
    """Return the reasons to doubt of a set: of the whole set first, then system by system."""
    name = evidence.board.set
    of_set = [Doubt(name, "", reason) for look in OF_SET for reason in look(evidence)]
    return of_set + [
        Doubt(name, row.system, reason)
        for row in evidence.rows
        for look in OF_SYSTEM
        for reason in look(evidence, row)
    ]
