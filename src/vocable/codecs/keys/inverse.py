"""A table of keys read backwards: which key becomes a name of ours.

A pattern consists of plain text, of groups without groups in them, and of look-aheads. Its text
with the groups filled in is the key; a row that does not lead back to the name is not the one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from vocable.errors import ModelError
from vocable.weights import Row

_TOKENS = re.compile(r"\(\?!(?:[^()]|\([^()]*\))*\)|\((?!\?)([^()]*)\)|\\(\W)|([^\\()*+?|\[\].])")
_NUMBER = re.compile(r"\\(\d)")


class _Way(NamedTuple):
    row: Row
    ours: re.Pattern[str]  # the name, each group once as what it may be
    theirs: tuple[str | int, ...]  # the text of the key, and numbers of groups


class Inverse:
    """Says by which row, and of which key, a name came to be."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._ways = [way for row in rows if (way := _way(row))]

    def of(self, name: str) -> tuple[Row, str]:
        """Return the row and the key that become a name of ours; ModelError where none does."""
        for way in self._ways:
            if match := way.ours.fullmatch(name):
                key = "".join(
                    part if isinstance(part, str) else match[f"g{part}"] for part in way.theirs
                )
                if self._first(key) is way.row:
                    return way.row, key
        raise ModelError(f"its tensor {name} has no place in that layout")

    def _first(self, key: str) -> Row | None:
        return next((row for row in self._rows if re.fullmatch(row.pattern, key)), None)


def _way(row: Row) -> _Way | None:
    """Return the way back of a row; None for one that drops keys."""
    if row.name is None:
        return None
    theirs: list[str | int] = []
    groups: dict[int, str] = {}
    end = 0
    for token in _TOKENS.finditer(row.pattern):
        assert token.start() == end, f"{row.pattern} is not read backwards at {end}"
        end = token.end()
        if token[1] is not None:
            groups[len(groups) + 1] = token[1]
            theirs.append(len(groups))
        else:
            theirs.append(token[2] or token[3] or "")
    assert end == len(row.pattern), f"{row.pattern} is not read backwards at {end}"
    return _Way(row, re.compile(_named(row.name, groups)), tuple(theirs))


def _named(name: str, groups: dict[int, str]) -> str:
    """Return the pattern of a name, in which groups have names."""
    pieces = _NUMBER.split(name)
    found = ""
    seen: set[int] = set()
    for text, number in zip(pieces[::2], [*map(int, pieces[1::2]), 0], strict=True):
        found += re.escape(text)
        if number:
            found += f"(?P=g{number})" if number in seen else f"(?P<g{number}>{groups[number]})"
            seen.add(number)
    return found
