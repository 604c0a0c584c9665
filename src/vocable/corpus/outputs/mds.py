"""MDS, which MosaicML's streaming reads: a row for each stream of a recording.

id (str), ids (an array of uint16 or uint32), rate, samples, space (str), stream (from 0). A shard
is the head of `counted.py`, its columns as JSON, then rows: the sizes of those columns that have no
fixed one (uint32), then all columns. index.json lists the shards.
Source: mosaicml-streaming 0.13.0, base/format/mds.
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

_LENGTHS = ("<u1", "<u2", "<u4", "<u8")  # what an array's length may be written in
_SIZE = 8  # bytes of an int


class MDS(Ids):
    """`shard.NNNNN.mds`, and index.json at the end."""

    name = "mds"
    ends = (VOCABULARY, "index.json")

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        name = f"shard.{piece:05d}.mds"
        config = json.dumps(self._config(), sort_keys=True).encode()
        count = write_items(folder / name, self._samples(rows), config)
        return Written([name], {"sequences": count})

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        (name,) = mark.files
        return self.recordings(mark, map(self._ids, read_items(folder / name)))

    def finish(self, folder: Path, marks: Marks) -> None:
        super().finish(folder, marks)
        shards = [
            {
                **self._config(), "samples": mark.extra["sequences"], "zip_data": None,
                "raw_data": {"basename": name, "bytes": size, "hashes": {}},
            }
            for mark in marks()
            for name, (size, _) in mark.files.items()
        ]  # fmt: skip
        with replacing(folder / "index.json", overwrite=True) as fresh:
            fresh.write_text(json.dumps({"version": 2, "shards": shards}, sort_keys=True))

    def _config(self) -> dict[str, Any]:
        ids = f"ndarray:{self.dtype.name}"
        return {
            "version": 2, "format": "mds", "compression": None, "hashes": [], "size_limit": None,
            "column_names": ["id", "ids", "rate", "samples", "space", "stream"],
            "column_encodings": ["str", ids, "int", "int", "str", "int"],
            "column_sizes": [None, None, _SIZE, _SIZE, None, _SIZE],
        }  # fmt: skip

    def _samples(self, rows: Iterator[Row]) -> Iterator[bytes]:
        for row in rows:
            name, space = row.entry.id.encode(), row.tokens.spec.space.encode()
            numbers = row.facts.rate, row.facts.samples
            for stream, ids in enumerate(self.sequences(row)):
                rate, samples, at = (np.array(n, "<i8").tobytes() for n in (*numbers, stream))
                held = _array(ids)
                sizes = np.array([len(name), len(held), len(space)], "<u4").tobytes()
                yield b"".join((sizes, name, held, rate, samples, space, at))

    def _ids(self, sample: bytes) -> np.ndarray:
        name, held, _ = np.frombuffer(sample, "<u4", 3)
        array = sample[12 + int(name) :][: int(held)]
        return np.frombuffer(array, self.dtype, offset=1 + (1 << array[0] % 4))


def _array(ids: np.ndarray) -> bytes:
    """Return a row of ids: what its length is written in, the length, the ids.

    The form does not say the order of bytes: readers take that of their machine, so little-endian.
    """
    kind = next(k for k, name in enumerate(_LENGTHS) if len(ids) <= np.iinfo(name).max)
    little = ids.astype(ids.dtype.newbyteorder("<"))
    return (
        bytes([1 << 2 | kind]) + np.array([len(ids)], _LENGTHS[kind]).tobytes() + little.tobytes()
    )
