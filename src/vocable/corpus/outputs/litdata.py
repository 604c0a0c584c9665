"""litdata's chunks of tokens, which `TokensLoader` reads, as in litgpt: an item for each sequence.

A chunk is the head of `counted.py`, then ids. index.json lists the chunks and says what ids are: a
row of litdata's table of torch's types, which has uint16 and int32 and no uint32.
Source: litdata 0.2.76, streaming/writer.py and constants.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vocable.atomic import replacing
from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Marks, Written
from vocable.corpus.outputs.counted import read_items, write_items
from vocable.corpus.outputs.ids import VOCABULARY, Ids
from vocable.corpus.rows import Row
from vocable.tokens import AudioTokens

_CODES = {"uint16": 20, "int32": 16}
_ONE_LEAF = [1, {"type": None, "context": None, "children_spec": []}]


class LitData(Ids):
    """`chunk-0-N.bin`, and index.json at the end."""

    name = "litdata"
    ends = (VOCABULARY, "index.json")
    large = "<i4"

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        name, lengths = f"chunk-0-{piece}.bin", list[int]()

        def items() -> Iterator[bytes]:
            for row in rows:
                for ids in self.sequences(row):
                    lengths.append(len(ids))
                    yield ids.tobytes()

        count = write_items(folder / name, items())
        return Written([name], {"sequences": count, "tokens": sum(lengths)})

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        (name,) = mark.files
        items = read_items(folder / name)
        return self.recordings(mark, (np.frombuffer(item, self.dtype) for item in items))

    def finish(self, folder: Path, marks: Marks) -> None:
        super().finish(folder, marks)
        chunks = [
            {
                "chunk_bytes": size, "chunk_size": mark.extra["sequences"],
                "dim": mark.extra["tokens"], "filename": name,
            }
            for mark in marks()
            for name, (size, _) in mark.files.items()
        ]  # fmt: skip
        table = {"chunks": chunks, "config": self._config()}
        with replacing(folder / "index.json", overwrite=True) as fresh:
            fresh.write_text(json.dumps(table, sort_keys=True))

    def _config(self) -> dict[str, Any]:
        return {
            "compression": None, "encryption": None, "chunk_size": None, "chunk_bytes": None,
            "data_format": [f"no_header_tensor:{_CODES[self.dtype.name]}"],
            "data_spec": json.dumps(_ONE_LEAF), "item_loader": "TokensLoader",
            "types": "tensor",
        }  # fmt: skip
