"""Say near the top what has to be looked at twice before anything is believed."""

from __future__ import annotations

from vocable.evaluate.report.markup import Markup, tag
from vocable.evaluate.report.tables import folded
from vocable.evaluate.summary.values import Summary

_SHOWN = 10  # the rest is folded: what comes first should not hide what follows


def doubts(summary: Summary) -> Markup:
    """Return the doubts in a box, equal ones together; nothing where there are none."""
    items = [
        tag("li", tag("b", _named(sets, systems)), reason)
        for (sets, reason), systems in _together(summary).items()
    ]
    if not items:
        return Markup()
    inside = [tag("h2", "Look twice"), tag("ul", *items[:_SHOWN])]
    if len(items) > _SHOWN:
        inside.append(folded(f"{len(items) - _SHOWN} more", tag("ul", *items[_SHOWN:])))
    return tag("section", *inside, class_="doubts", id="doubts")


def _together(summary: Summary) -> dict[tuple[tuple[str, ...], str], list[str]]:
    """Return the systems of each reason, by the sets that it holds in."""
    sets: dict[tuple[str, str], list[str]] = {}
    for doubt in summary.doubts:
        sets.setdefault((doubt.system, doubt.reason), []).append(doubt.set)
    systems: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (system, reason), names in sets.items():
        systems.setdefault((tuple(names), reason), []).append(system)
    return systems


def _named(sets: tuple[str, ...], systems: list[str]) -> str:
    parts = ", ".join(sets), ", ".join(filter(None, systems))
    return ": ".join(filter(None, parts)) + ": "
