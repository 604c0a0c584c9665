"""Names of files that are safe anywhere, and not taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from itertools import count
from pathlib import Path


def file_stem(name: str) -> str:
    """Return the name of a recording without its ending, in ASCII letters, digits, - and _."""
    plain = unicodedata.normalize("NFKD", Path(name).stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:80] or "recording"


def shown(name: str) -> str:
    """Return a name as text: names of files may hold any bytes."""
    return name.encode(errors="replace").decode()


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name, or the first of `name-2`, `name-3` … (before its ending) that is not taken.

    Capitals do not make another name, on some systems.
    """
    lower = {each.casefold() for each in taken}
    path = Path(name)
    ways = (name if n == 1 else f"{path.stem}-{n}{path.suffix}" for n in count(1))
    return next(each for each in ways if each.casefold() not in lower)
