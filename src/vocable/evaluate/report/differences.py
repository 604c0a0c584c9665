"""Show which differences between systems are settled, and how sure the order of systems is."""

from __future__ import annotations

from collections.abc import Iterator

from vocable.evaluate.report.figures import counted, digits_of, number, plain, span
from vocable.evaluate.report.markup import Markup, joined, tag
from vocable.evaluate.report.picks import main_measure
from vocable.evaluate.report.tables import folded, table
from vocable.evaluate.summary.remarks import owners_of
from vocable.evaluate.summary.values import Difference, Ranks, Summary
from vocable.evaluate.sweep import Study
from vocable.measures.registry import find

_MOST = 300  # rows of a table; all are among the figures
_STRIP = 120  # units of the picture of places


def differences(study: Study, summary: Summary) -> Iterator[Markup]:
    """Yield the pairs of systems and whether they differ, of each set by its main measure."""
    for of_set in study.sets:
        measure = main_measure(study, of_set)
        pairs = [e for e in summary.differences if (e.set, e.measure) == (of_set, measure)]
        pairs.sort(key=lambda each: each.sure)  # what is open comes first
        settled = sum(each.sure for each in pairs)
        if not pairs:
            continue
        title = f"{of_set}, {measure}: {settled} of {counted(len(pairs), 'difference')} settled"
        left = len(pairs) - _MOST
        more = (
            [tag("p", f"{left} more stand in the figures below.", class_="note")]
            if left > 0
            else []
        )
        yield folded(title, _pairs(measure, pairs[:_MOST], owners_of(summary.of(of_set)[0])), *more)


def _pairs(measure: str, pairs: list[Difference], owners: str) -> Markup:
    digits = digits_of((each.gain for each in pairs), find(measure).digits)
    rows = [
        [
            joined([tag("span", each.second), " against ", tag("span", each.first)]),
            "yes" if each.sure else _wanted(each.needed, owners),
            joined([number(each.gain.mean, digits), tag("small", span(each.gain, digits))]),
            str(each.scored),
            _probability(each.adjusted),
        ]
        for each in pairs
    ]
    headings = ["pair", "settled", f"gain in {measure}", "recordings", "p (Holm)"]
    return table(headings, rows, names=2)


def _wanted(needed: int | None, owners: str) -> str:
    return "no" if needed is None else f"no, would take {needed:,} {owners}"


def _probability(p: float) -> Markup:
    return tag("data", "< 0.001" if p < 0.001 else plain(p, 3), value=repr(p))


def ranks(study: Study, summary: Summary) -> Iterator[Markup]:
    """Yield, of each set by its main measure, how often each system has each place in draws."""
    for each in summary.ranks:
        if each.measure != main_measure(study, each.set):
            continue
        title = f"{each.set}, {each.measure}: the whole order is kept in {each.kept:.0%} of draws"
        yield folded(title, _places(each))


def _places(ranks: Ranks) -> Markup:
    rows = []
    for place, (system, shares) in enumerate(ranks.shares.items()):
        low, high = _middle(shares)
        ends = f"{low + 1}" if low == high else f"{low + 1} to {high + 1}"
        kept = tag("data", f"{shares[place]:.0%}", value=repr(shares[place]))
        rows.append([system, str(place + 1), kept, ends, _strip(shares)])
    headings = ["system", "place", "kept in", "95 % of draws", "all places"]
    return table(headings, rows)


def _middle(shares: tuple[float, ...]) -> tuple[int, int]:
    """Return the places between which 95 % of draws lie, 2.5 % to each side."""
    below, low, high = 0.0, None, len(shares) - 1
    for place, share in enumerate(shares):
        below += share
        if low is None and below > 0.025:
            low = place
        if below >= 0.975 - 1e-9:
            high = place
            break
    return low or 0, high


def _strip(shares: tuple[float, ...]) -> Markup:
    """Return a row of boxes, one a place, darker for the more frequent."""
    width = _STRIP / len(shares)
    boxes = [
        tag(
            "rect",
            x=f"{n * width:.1f}",
            width=f"{width:.1f}",
            height=12,
            fill_opacity=f"{share:.2f}",
        )
        for n, share in enumerate(shares)
    ]
    frame = tag("rect", x=0.5, y=0.5, width=_STRIP - 1, height=11, class_="frame")
    return tag("svg", *boxes, frame, viewBox=f"0 0 {_STRIP} 12", class_="strip", aria_hidden="true")
