"""Say in words what the tables of a set are worth: what is sure, what lacks, what to doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from textwrap import wrap

from vocable.evaluate.summary.values import Difference, Ranks, Row, Summary
from vocable.evaluate.systems.system import ORIGINAL
from vocable.measures.registry import find

INDENT = "    "
ORDER = (
    "Order, best first (a > b: sure; a ~40 b: not settled, would take 40 {owners}; a ~ b: alike)"
)
SHOWN = 2  # measures whose order is said; the report has the others


def remarks(summary: Summary, of_set: str, width: int) -> Iterator[str]:
    """Yield paragraphs: the order of systems, what has no value and why, trials, doubts."""
    rows = summary.of(of_set)
    ranks = [each for each in summary.ranks if each.set == of_set]
    found = [each for each in summary.doubts if each.set == of_set]
    parts = {
        ORDER.format(owners=owners_of(rows[0])): _orders(summary, ranks),
        "Voices": _voices(summary, of_set),
        "Nothing made": _faults(rows),
        "No value": _unscored(rows),
        "Look twice": (f"{each.system or 'all'}: {each.reason}" for each in found),
    }
    for heading, lines in parts.items():
        wrapped = [_wrapped(line, width, "  ") for line in lines]
        if wrapped:
            yield "\n".join([f"{heading}:", *wrapped])


def owners_of(row: Row) -> str:
    """Return what intervals draw in the set of a row."""
    return "recordings" if row.owners == row.asked else "speakers"


def _orders(summary: Summary, ranks: Sequence[Ranks]) -> Iterator[str]:
    yield from (_order(summary, each) for each in ranks[:SHOWN])
    if rest := [each.measure for each in ranks[SHOWN:]]:
        yield f"by {', '.join(rest)}: in the report"


def _order(summary: Summary, ranks: Ranks) -> str:
    """Return the systems in order, with what is known of neighbours between them."""
    found = {
        (each.first, each.second): each
        for each in summary.differences
        if (each.set, each.measure) == (ranks.set, ranks.measure)
    }
    systems = list(ranks.shares)
    text = systems[0]
    for before, after in pairwise(systems):
        each = found.get((before, after)) or found[after, before]
        text += f" {_relation(each, before)} {after}"
    return f"{ranks.measure}: {text} (whole order in {ranks.kept:.0%} of draws)"


def _relation(difference: Difference, before: str) -> str:
    if not difference.sure:
        return f"~{difference.needed or ''}"
    up = find(difference.measure).direction == "up"
    better = difference.second if (difference.gain.mean > 0) == up else difference.first
    return ">" if better == before else "<"  # the mean may be of other recordings than the pair


def _voices(summary: Summary, of_set: str) -> Iterator[str]:
    for (each, embedding), trials in summary.own.items():
        if each == of_set and trials:
            yield (
                f"{embedding}: other recordings of one speaker {trials.same:.3f}, of two "
                f"{trials.different:.3f}; confused, of the recordings themselves: {trials.rate:.1%}"
            )


def _faults(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        for reason, count in row.faults.items():
            yield f"{row.system}: {count} × {reason}"


def _unscored(rows: Iterable[Row]) -> Iterator[str]:
    """Yield each reason once, with the measures and how often, the original apart."""
    counts: dict[tuple[str, bool], int] = defaultdict(int)
    measures: dict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
    for row in rows:
        for measure, reasons in row.unscored.items():
            for reason, count in reasons.items():
                key = reason, row.system == ORIGINAL
                counts[key] += count
                measures[key][measure] = None
    for (reason, original), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        names = ", ".join(measures[reason, original])
        yield f"{count} × {names}{' of the original' if original else ''}: {reason}"


def _wrapped(text: str, width: int, indent: str) -> str:
    lines = wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)
