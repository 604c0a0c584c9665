"""Lhotse Shar: shar/cuts.NNNNNN.jsonl.gz, and beside it a tar for each field that cuts have.

The field `codes` is `[frames, streams, levels]`; levels of several rates are `level0`, `level1` …,
each `[tokens, streams]`. Time comes first, since Lhotse cuts arrays along their first axis. A side
is a field `side_NAME`, which is not cut. Cuts know their recordings where those are files of their
own. Source: lhotse 1.33.0, shar/ and array.py.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Output, Written
from vocable.corpus.outputs.cuts import cut_of
from vocable.corpus.outputs.members import add_member, npy_bytes
from vocable.corpus.rows import Row
from vocable.tokens import AudioTokens, Source

FOLDER = "shar"  # of its own, since Lhotse takes all that lies in one for fields
_HELD = {"storage_type": "shar", "storage_path": "", "storage_key": ""}


class Shar(Output):
    """`shar/cuts.NNNNNN.jsonl.gz` and `shar/codes.NNNNNN.tar`."""

    name = "shar"

    def key(self, name: str) -> str:
        """Return a cut's id, which is also the way of its arrays in the tar."""
        return "/".join(part for part in name.split("/") if part not in ("", "."))

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        names = [f"{FOLDER}/cuts.{piece:06d}.jsonl.gz"]
        names += [f"{FOLDER}/{field}.{piece:06d}.tar" for field in self._fields]
        (folder / FOLDER).mkdir()
        with ExitStack() as stack:
            raw = stack.enter_context(open(folder / names[0], "wb"))
            packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
            cuts = stack.enter_context(packed)
            tars = [stack.enter_context(tarfile.open(folder / name, "w")) for name in names[1:]]
            for row in rows:
                key = self.key(row.entry.id)
                cuts.write(json.dumps(cut_of(key, row), ensure_ascii=False).encode() + b"\n")
                for tar, (array, manifest) in zip(tars, self._arrays(row), strict=True):
                    add_member(tar, f"{key}.npy", npy_bytes(array))
                    add_member(tar, f"{key}.json", json.dumps(manifest).encode() + b"\n")
        return Written(names)

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        with ExitStack() as stack:
            names = [f"{FOLDER}/{field}.{mark.piece:06d}.tar" for field in self._fields]
            tars = [stack.enter_context(tarfile.open(folder / name, "r|")) for name in names]
            rows = zip(*(_of_tar(tar) for tar in tars), strict=True)
            for item, arrays in zip(mark.items, rows, strict=True):
                source = Source(item.samples, item.rate, item.channels)
                yield self._tokens(dict(zip(self._fields, arrays, strict=True)), source)

    @property
    def _levels(self) -> list[str]:
        """The fields of codes."""
        levels = self.form.spec.levels[: self.form.levels]
        one = len({level.stride for level in levels}) == 1
        return ["codes"] if one else [f"level{k}" for k in range(len(levels))]

    @property
    def _fields(self) -> list[str]:
        return [*self._levels, *(f"side_{side.name}" for side in self.form.spec.sides)]

    def _arrays(self, row: Row) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
        """Yield the array of each field, and what Lhotse is told of it."""
        tokens = row.tokens
        if self._levels == ["codes"]:
            parts = [np.stack([stack.T for stack in tokens.stacks], axis=-1)]
        else:
            parts = [stack.T for stack in tokens.stacks]
        for part, level in zip(parts, tokens.spec.levels, strict=False):
            shift = _shift(level.stride / tokens.spec.frame_rate, len(part), row.facts.seconds)
            array = np.ascontiguousarray(part, self.dtype)
            held = {**_HELD, "shape": list(array.shape)}
            yield array, {
                "array": held, "temporal_dim": 0, "frame_shift": shift, "start": row.entry.start,
            }  # fmt: skip
        for side in tokens.spec.sides:
            array = np.asarray(tokens.sides[side.name])
            yield array, {**_HELD, "shape": list(array.shape)}

    def _tokens(self, arrays: dict[str, np.ndarray], source: Source) -> AudioTokens:
        if "codes" in arrays:
            stacks = list(arrays["codes"].transpose(2, 1, 0))
        else:
            stacks = [arrays[name].T for name in self._levels]
        sides = {side.name: arrays[f"side_{side.name}"] for side in self.form.spec.sides}
        return AudioTokens(self.form.spec, stacks, sides, None, source)


def _shift(step: Any, frames: int, seconds: float) -> float:
    """Return the seconds from one frame to the next, as Lhotse shall count them.

    It loads as many frames as last nearest to a cut's seconds: a last frame that is filled to less
    than half would be left out. There all steps are said to be a little shorter.
    """
    shift = float(step)
    return shift if round(seconds / shift) >= frames else seconds / frames


def _of_tar(tar: tarfile.TarFile) -> Iterator[np.ndarray]:
    for member in tar:
        if member.name.endswith(".npy"):
            file = tar.extractfile(member)
            assert file is not None  # a file, by its name
            yield np.load(io.BytesIO(file.read()))
