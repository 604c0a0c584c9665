"""Find what should make a reader look twice at a system."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vocable.evaluate.summary.evidence import Evidence, all_gains, listed
from vocable.evaluate.summary.values import Row
from vocable.evaluate.systems.system import CONTROL
from vocable.measures.delays import CAP

COVERED = 0.9  # of the recordings that a measure should have a value for
IMPOSSIBLE = {"stoi": 0.3, "pesq_wb": 1.4}  # nothing that is so hard to follow sounds so good


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
        yield f"{listed(measures)} of {scored} of {row.made} recordings alone: {reason}"


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


def not_rising(evidence: Evidence, row: Row) -> Iterator[str]:
    """Quality that falls from the family's next lower bitrate, or is flat over a doubling of it."""
    rates = {
        other.system: other.bitrate
        for other in evidence.rows
        if other.family == row.family != CONTROL and other.bitrate is not None
    }
    rate = rates.get(row.system, 0.0)
    below = sorted((name for name in rates if rates[name] < rate), key=lambda name: rates[name])
    half = [name for name in below if 2 * rates[name] <= rate]
    fallen = [m for m, gain in all_gains(evidence.board, below[-1:], row.system) if gain.high < 0]
    flat = [m for m, gain in all_gains(evidence.board, half[-1:], row.system) if gain.low <= 0]
    if fallen:
        yield f"worse than {below[-1]}, which has a lower bitrate, by {listed(fallen)}"
    if unsure := [measure for measure in flat if measure not in fallen]:
        yield f"not surely better than {half[-1]} at half the bitrate by {listed(unsure)}"
