"""Megatron's indexed data: NNNNNN.bin holds ids, NNNNNN.idx says where each sequence begins.

A stream of codes is a sequence, a recording is a document. The index, little-endian: a magic, the
version 1, a code of the type, how many sequences there are and how many document bounds; then the
lengths (int32), the bytes before each sequence (int64), and the sequences before each document with
their number at the end (int64). Source: megatron-core 0.16.1, core/datasets/indexed_dataset.py.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import numpy as np

from vocable.atomic import replacing
from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Marks, Written
from vocable.corpus.outputs.ids import VOCABULARY, Ids
from vocable.corpus.rows import Row
from vocable.errors import RecipeError
from vocable.tokens import AudioTokens

BLEND = "data-path.txt"  # what --data-args-path takes: tokens and prefix of each shard
_MAGIC, _VERSION = b"MMIDIDX\x00\x00", 1
_CODES = {"uint16": 8, "int32": 4}
_HEAD = struct.calcsize("<9sQBQQ")


class Megatron(Ids):
    """`NNNNNN.bin` and `NNNNNN.idx`."""

    name = "megatron"
    ends = (VOCABULARY, BLEND)
    large = "<i4"

    def check_folder(self, folder: Path) -> None:
        if any(character.isspace() for character in os.path.abspath(folder)):
            raise RecipeError(
                f"{os.path.abspath(folder)} has a space, at which Megatron cuts the paths of "
                f"{BLEND}; name another folder"
            )

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        prefix = f"{piece:06d}"
        lengths, documents = list[int](), [0]
        with open(folder / f"{prefix}.bin", "wb") as file:
            for row in rows:
                for ids in self.sequences(row):
                    file.write(ids.tobytes())
                    lengths.append(len(ids))
                documents.append(len(lengths))
        (folder / f"{prefix}.idx").write_bytes(self._index(lengths, documents))
        return Written([f"{prefix}.bin", f"{prefix}.idx"], {"tokens": sum(lengths)})

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        return self.recordings(mark, self._sequences(folder, mark))

    def finish(self, folder: Path, marks: Marks) -> None:
        super().finish(folder, marks)
        shards = [
            f"{mark.extra['tokens']} {os.path.abspath(folder / f'{mark.piece:06d}')}\n"
            for mark in marks()
            if mark.files
        ]
        with replacing(folder / BLEND, overwrite=True) as fresh:
            fresh.write_text("".join(shards), encoding="utf-8", newline="\n")

    def _index(self, lengths: list[int], documents: list[int]) -> bytes:
        size, code = self.dtype.itemsize, _CODES[self.dtype.name]
        pointers = list(accumulate((size * n for n in lengths[:-1]), initial=0))
        head = struct.pack("<9sQBQQ", _MAGIC, _VERSION, code, len(lengths), len(documents))
        arrays = ((lengths, "<i4"), (pointers, "<i8"), (documents, "<i8"))
        return head + b"".join(np.array(each, kind).tobytes() for each, kind in arrays)

    def _sequences(self, folder: Path, mark: Mark) -> Iterator[np.ndarray]:
        ids = np.fromfile(folder / f"{mark.piece:06d}.bin", self.dtype)
        index = (folder / f"{mark.piece:06d}.idx").read_bytes()
        count = struct.unpack("<9sQBQQ", index[:_HEAD])[3]
        lengths = np.frombuffer(index, "<i4", count, _HEAD)
        yield from np.split(ids, np.cumsum(lengths)[:-1])
