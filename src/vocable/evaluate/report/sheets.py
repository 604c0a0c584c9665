"""Write all figures of a summary as CSV, to be taken out of the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from vocable.evaluate.report.markup import Markup, data_uri, tag
from vocable.evaluate.summary.files import csv_text
from vocable.evaluate.summary.values import Summary

Line = Sequence[object]

_DIFFERENCES = "set measure first second gain low high scored p p_holm owners_needed"
_RANKS = "set measure system place share"
_TOKENS = "set system level entries tokens used perplexity entropy_bit repeats"


def downloads(summary: Summary) -> Markup:
    """Return links to all figures; each link holds its file."""
    sheets = {
        "scores": csv_text(summary),
        "differences": text(_DIFFERENCES, _differences(summary)),
        "ranks": text(_RANKS, _ranks(summary)),
        "tokens": text(_TOKENS, _tokens(summary)),
    }
    links = [_link(name, content) for name, content in sheets.items()]
    return tag("ul", *(tag("li", link) for link in links))


def text(head: str, lines: Iterable[Line]) -> str:
    """Return CSV with a line of names, which are words of `head`; None is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head.split())
    writer.writerows(lines)
    return buffer.getvalue()


def _link(name: str, content: str) -> Markup:
    data = content.encode(errors="replace")
    label = f"{name}.csv, {len(data) / 1000:.0f} kB"
    return tag("a", label, href=data_uri("text/csv;charset=utf-8", data), download=f"{name}.csv")


def _differences(summary: Summary) -> Iterator[Line]:
    for each in summary.differences:
        head = each.set, each.measure, each.first, each.second
        found = each.gain.mean, each.gain.low, each.gain.high
        yield *head, *found, each.scored, each.p, each.adjusted, each.needed


def _ranks(summary: Summary) -> Iterator[Line]:
    for each in summary.ranks:
        for system, shares in each.shares.items():
            for place, share in enumerate(shares, 1):
                yield each.set, each.measure, system, place, share


def _tokens(summary: Summary) -> Iterator[Line]:
    for (of_set, system), use in summary.use.items():
        for number, level in enumerate(use.levels):
            health = level.used, level.perplexity, level.entropy, level.repeat_rate
            yield of_set, system, number, level.level.size, level.tokens, *health
