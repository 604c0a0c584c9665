"""A token file for each recording, in the tree of the source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vocable.corpus.marks import Mark
from vocable.corpus.names import file_name
from vocable.corpus.outputs.base import Output, Written
from vocable.corpus.rows import Row
from vocable.tokens import AudioTokens, read_tokens


class TokenFiles(Output):
    """`ID.vcb`; where a tar or table holds the recordings, in a folder for each piece."""

    name = "vcb"

    def key(self, name: str) -> str:
        return file_name(name, ".vcb")

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        names = []
        for row in rows:
            above = "" if row.entry.path else f"{piece:06d}/"
            names.append(above + self.key(row.entry.id))
            target = folder / names[-1]
            target.parent.mkdir(parents=True, exist_ok=True)
            row.tokens.save(target)
        return Written(names)

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        for name in mark.files:
            yield read_tokens(folder / name)

    def settings(self) -> dict[str, Any]:
        return {}
