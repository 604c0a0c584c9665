"""A token file for each recording, in the tree of the source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Output, Written
from vocable.corpus.rows import Row
from vocable.tokens import AudioTokens, read_tokens


class TokenFiles(Output):
    """`ID.vcb`; where a tar or table holds the recordings, in a folder for each piece."""

    name = "vcb"

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        names = []
        for row in rows:
            above = "" if row.entry.path else f"{piece:06d}/"
            names.append(above + _file_name(row.entry.id))
            target = folder / names[-1]
            target.parent.mkdir(parents=True, exist_ok=True)
            row.tokens.save(target)
        return Written(names)

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        for name in mark.files:
            yield read_tokens(folder / name)

    def settings(self) -> dict[str, Any]:
        return {}


def _file_name(key: str) -> str:
    """Return a way below the folder, also for ids that are addresses or begin at the root."""
    parts = [part for part in key.split("/") if part not in ("", ".")]
    return "/".join("__" if part == ".." else part for part in parts) + ".vcb"
