"""Name what a user may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 5  # names in one message; after them the count


def nearest(name: str, known: Iterable[str], most: int = 1) -> str:
    """Return `nearest: "a", "b"`, at most `most` of the known names, or else what is known."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=most)
    if near:
        return "nearest: " + ", ".join(f'"{each}"' for each in near)
    return f"known: {listed(names) or 'none'}"


def listed(names: Iterable[str], most: int = SHOWN) -> str:
    """Return at most `most` names joined by commas, then how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
