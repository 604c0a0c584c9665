"""Parquet: a row for each recording, the spec of the tokens in the metadata.

id, codes (a list of codes for each level of each stream), levels, samples, rate, channels, space;
text, speaker and language where they are known; a column of bytes for each side.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Form, Output, Written
from vocable.corpus.rows import Row
from vocable.corpus.sources.tables import arrow
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Source
from vocable.tokens.spec_json import canonical_json

METADATA = b"vocable.spec"
_BATCH = 256  # rows of a row group


class Parquet(Output):
    """`NNNNNN.parquet`."""

    name = "parquet"

    def __init__(self, form: Form) -> None:
        super().__init__(form)
        self._arrow = arrow()

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        from pyarrow.parquet import ParquetWriter

        name, schema = f"{piece:06d}.parquet", self._schema()
        with ParquetWriter(folder / name, schema, compression="zstd") as writer:
            waiting: list[dict[str, Any]] = []
            for row in rows:
                waiting.append(self._row(row))
                if len(waiting) == _BATCH:
                    writer.write_table(self._arrow.Table.from_pylist(waiting, schema))
                    waiting = []
            if waiting:
                writer.write_table(self._arrow.Table.from_pylist(waiting, schema))
        return Written([name])

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        from pyarrow.parquet import ParquetFile

        (name,) = mark.files
        with ParquetFile(folder / name) as file:
            kept = json.loads((file.schema_arrow.metadata or {}).get(METADATA, b"{}"))
            if kept != self.form.spec.to_dict():
                self.check_space(kept.get("space"))
                raise TokenError("its metadata has another spec than the plan")
            for batch in file.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    yield self._tokens(row)

    def _schema(self) -> Any:
        pa = self._arrow
        code = pa.uint16() if self.dtype.itemsize == 2 else pa.uint32()
        columns = [
            ("id", pa.string()), ("codes", pa.list_(pa.list_(code))), ("levels", pa.int32()),
            ("samples", pa.int64()), ("rate", pa.int32()), ("channels", pa.int32()),
            ("space", pa.string()), ("text", pa.string()), ("speaker", pa.string()),
            ("language", pa.string()),
            *((_side(side.name), pa.binary()) for side in self.form.spec.sides),
        ]  # fmt: skip
        spec = canonical_json(self.form.spec.to_dict())
        return pa.schema(columns, metadata={METADATA: spec})

    def _row(self, row: Row) -> dict[str, Any]:
        entry, tokens = row.entry, row.tokens
        codes = [
            stack[k].astype(self.dtype) for k in range(tokens.streams) for stack in tokens.stacks
        ]
        return {
            "id": entry.id, "codes": codes, "levels": tokens.levels,
            "samples": row.facts.samples, "rate": row.facts.rate,
            "channels": tokens.source.channels if tokens.source else row.facts.channels,
            "space": tokens.spec.space,
            **{k: getattr(entry, k) or None for k in ("text", "speaker", "language")},
            **{_side(name): side.tobytes() for name, side in tokens.sides.items()},
        }  # fmt: skip

    def _tokens(self, row: dict[str, Any]) -> AudioTokens:
        self.check_space(row["space"])
        spec, levels = self.form.spec, row["levels"]
        codes = [np.array(each, np.int32) for each in row["codes"]]
        stacks = [np.stack(codes[level::levels]) for level in range(levels)]
        streams = len(codes) // levels
        sides = {}
        for side in spec.sides:
            flat = np.frombuffer(row[_side(side.name)], side.dtype)
            shape = (streams, *side.shape) if side.per == "item" else (streams, -1, *side.shape)
            sides[side.name] = flat.reshape(shape)
        source = Source(row["samples"], row["rate"], row["channels"])
        return AudioTokens(spec, stacks, sides, source=source)


def _side(name: str) -> str:
    return f"side.{name}"
