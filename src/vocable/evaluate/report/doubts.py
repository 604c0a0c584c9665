"""Say near the top what has to be looked at twice before anything is believed."""

from __future__ import annotations

from vocable.evaluate.report.markup import Markup, tag
from vocable.evaluate.sweep.summary import Summary


def doubts(summary: Summary) -> Markup:
    """Return the doubts in a box, equal ones of several sets once; nothing where there are none."""
    if not summary.doubts:
        return Markup()
    sets: dict[tuple[str, str], list[str]] = {}
    for doubt in summary.doubts:
        sets.setdefault((doubt.system, doubt.reason), []).append(doubt.set)
    items = [
        tag("li", tag("b", f"{', '.join(names)}{system and ': '}{system}: "), reason)
        for (system, reason), names in sets.items()
    ]
    inside = tag("h2", "Look twice"), tag("ul", *items)
    return tag("section", *inside, class_="doubts", id="doubts")
