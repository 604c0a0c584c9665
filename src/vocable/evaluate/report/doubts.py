"""Say near the top what has to be looked at twice before anything is believed."""

from __future__ import annotations

from vocable.evaluate.report.markup import Markup, tag
from vocable.evaluate.sweep.summary import Summary


def doubts(summary: Summary) -> Markup:
    """Return the doubts by set, in a box; nothing where there are none."""
    if not summary.doubts:
        return Markup()
    items = []
    for doubt in summary.doubts:
        where = f"{doubt.set}, {doubt.system}: " if doubt.system else f"{doubt.set}: "
        items.append(tag("li", tag("b", where), doubt.reason))
    inside = tag("h2", "Look twice"), tag("ul", *items)
    return tag("section", *inside, class_="doubts", id="doubts")
