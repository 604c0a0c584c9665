"""Snippets as they were heard, of those that were corrected or dropped by hand: heard.jsonl.

They are kept apart from metadata.jsonl, whose rows stay all alike, as `datasets` wants them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from vocable.errors import RecipeError
from vocable.fitting import fit
from vocable.speak.prepare.set import PreparedSet, Row

HEARD = "heard.jsonl"


def read_originals(folder: Path) -> dict[str, Row]:
    """Return the rows by file; none where nothing was corrected yet."""
    path = folder / HEARD
    found: dict[str, Row] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n") if path.exists() else (), 1):
        if line.strip():
            row = _row(line, f"{path}:{number}")
            found[row.file_name] = row
    return found


def _row(line: bytes, where: str) -> Row:
    try:
        return fit(Row, json.loads(line), "it", RecipeError)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise RecipeError(f"{where} is damaged ({error}); prepare the set again") from error


def lines_of(rows: Iterable[Row]) -> str:
    """Return rows as the file holds them."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def dropped(made: PreparedSet, originals: Mapping[str, Row]) -> list[Row]:
    """Return the snippets that are in the set no more."""
    names = {row.file_name for row in made.rows}
    return [row for name, row in originals.items() if name not in names]


def in_order(made: PreparedSet, rows: Iterable[Row]) -> list[Row]:
    """Return rows in the order of the set's sources and their times."""
    order = {source.name: n for n, source in enumerate(made.about.sources)}
    return sorted(rows, key=lambda row: (order.get(row.source, len(order)), row.begin))
