"""Name what a user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

SHOWN = 5  # names in one message; after them the count


def nearest(name: str, known: Iterable[str], most: int = 1) -> str:
    """Return `nearest: "a", "b"`, at most `most` of the known names, or else what is known."""
    names = list(known)
    if near := near_names(name, {each: each for each in names}, most):
        return "nearest: " + ", ".join(f'"{each}"' for each in near)
    return f"known: {listed(names) or 'none'}"


def near_names(name: str, known: Mapping[str, str], most: int = 1) -> list[str]:
    """Return at most `most` names that a misspelt one may mean. known: each spelling's name."""
    near = difflib.get_close_matches(name, known, n=most)
    return list(dict.fromkeys(known[each] for each in near))


def listed(names: Iterable[str], most: int = SHOWN) -> str:
    """Return at most `most` names joined by commas, then how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
