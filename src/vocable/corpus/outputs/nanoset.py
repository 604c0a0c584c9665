"""Nanosets, which nanotron reads and datatrove writes: ids in a row, with the ends of documents.

NNNNNN.ds holds the ids; NNNNNN.ds.index where each sequence ends, counted in ids (uint64, little-
endian); NNNNNN.ds.metadata says whose ids they are, their bytes, and how many there are.
Source: datatrove 0.10.1, pipeline/tokens/tokenizer.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Written
from vocable.corpus.outputs.ids import Ids
from vocable.corpus.rows import Row
from vocable.tokens import AudioTokens


class Nanoset(Ids):
    """`NNNNNN.ds`, `NNNNNN.ds.index` and `NNNNNN.ds.metadata`."""

    name = "nanoset"

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        name, ends, count = f"{piece:06d}.ds", list[int](), 0
        with open(folder / name, "wb") as file:
            for row in rows:
                for ids in self.sequences(row):
                    file.write(ids.tobytes())
                    count += len(ids)
                    ends.append(count)
        (folder / f"{name}.index").write_bytes(np.array(ends, "<u8").tobytes())
        about = f"{self.form.spec.space}|{self.dtype.itemsize}\n{count}\n{shown_count(count)}"
        (folder / f"{name}.metadata").write_text(about, encoding="utf-8", newline="\n")
        return Written([name, f"{name}.index", f"{name}.metadata"])

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        return self.recordings(mark, self._sequences(folder, mark))

    def _sequences(self, folder: Path, mark: Mark) -> Iterator[np.ndarray]:
        name = f"{mark.piece:06d}.ds"
        ends = np.fromfile(folder / f"{name}.index", "<u8")
        yield from np.split(np.fromfile(folder / name, self.dtype), ends[:-1].astype(np.int64))


def shown_count(count: int) -> str:
    """Return a count of tokens in three digits, as datatrove does: "1.23 MT"."""
    mantissa, exponent = f"{count:.2e}".split("e")
    power, shift = divmod(int(exponent), 3)
    return f"{float(mantissa) * 10**shift:.{2 - shift}f} {('', *'kMGTPE')[power]}T"
