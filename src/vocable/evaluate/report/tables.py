"""Lay out tables that phones can show: they scroll in a box of their own, names stand still."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vocable.evaluate.report.markup import Markup, tag

Cells = Sequence[str]


def table(
    headings: Cells, rows: Iterable[Cells], caption: str = "", *, names: int = 1, about: Cells = ()
) -> Markup:
    """Return a table of rows, each with as many cells as there are headings.

    names: how many columns are text; those after them are numbers. about: what each heading means,
    which shows where it is pointed at.
    """
    told = list(about) or [""] * len(headings)
    head = [
        tag("th", text, scope="col", class_=_class(n, names), title=told[n] or None)
        for n, text in enumerate(headings)
    ]
    body = [tag("tr", *_cells(row, names)) for row in rows]
    parts = [tag("caption", caption)] if caption else []
    parts += [tag("thead", tag("tr", *head)), tag("tbody", *body)]
    return boxed(tag("table", *parts))


def boxed(inside: Markup) -> Markup:
    """Return a box that scrolls sideways, by keys too."""
    return tag("div", inside, class_="wide", tabindex=0, role="region", aria_label="table")


def folded(summary: str, *inside: str) -> Markup:
    """Return what opens when it is clicked at."""
    return tag("details", tag("summary", summary), *inside)


def _cells(row: Cells, names: int) -> list[Markup]:
    first = tag("th", row[0], scope="row")
    return [first, *(tag("td", cell, class_=_class(n, names)) for n, cell in enumerate(row[1:], 1))]


def _class(column: int, names: int) -> str | None:
    return None if column < names else "number"
