"""Tars as WebDataset reads them: KEY.codes.npy and KEY.json for each recording.

KEY.codes.npy is `[streams, levels, frames]`; levels of several rates are KEY.level0.npy and so on.
WebDataset cuts names at their first dot, so dots in keys become underscores.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vocable.corpus.marks import Mark
from vocable.corpus.outputs.base import Output, Written
from vocable.corpus.outputs.members import add_member, npy_bytes
from vocable.corpus.rows import Row
from vocable.tokens import AudioTokens, Source


class Tars(Output):
    """`NNNNNN.tar`."""

    name = "webdataset"

    def key(self, name: str) -> str:
        return name.strip("/").replace(".", "_")

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        name = f"{piece:06d}.tar"
        with tarfile.open(folder / name, "w") as tar:
            for row in rows:
                for ending, data in self._members(row):
                    add_member(tar, f"{self.key(row.entry.id)}.{ending}", data)
        return Written([name])

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        (name,) = mark.files
        with tarfile.open(folder / name, "r|") as tar:
            key, held = "", dict[str, bytes]()
            for member in tar:
                stem, _, ending = member.name.rpartition("/")[2].partition(".")
                stem = member.name[: len(member.name) - len(ending) - 1]
                if stem != key and held:
                    yield self._tokens(held)
                    held = {}
                key = stem
                held[ending] = tar.extractfile(member).read()  # type: ignore[union-attr]
            yield self._tokens(held)

    def _members(self, row: Row) -> Iterator[tuple[str, bytes]]:
        tokens, entry = row.tokens, row.entry
        if len({stack.shape for stack in tokens.stacks}) == 1:
            yield "codes.npy", npy_bytes(np.stack(tokens.stacks, axis=1).astype(self.dtype))
        else:
            for k, stack in enumerate(tokens.stacks):
                yield f"level{k}.npy", npy_bytes(stack.astype(self.dtype))
        for name, side in tokens.sides.items():
            yield f"side-{name}.npy", npy_bytes(np.asarray(side))
        channels = tokens.source.channels if tokens.source else row.facts.channels
        about = {
            "id": entry.id, "space": tokens.spec.space, "levels": tokens.levels,
            "samples": row.facts.samples, "rate": row.facts.rate, "channels": channels,
            **{k: v for k in ("text", "speaker", "language") if (v := getattr(entry, k))},
        }  # fmt: skip
        yield "json", json.dumps(about, ensure_ascii=False).encode()

    def _tokens(self, held: dict[str, bytes]) -> AudioTokens:
        about: dict[str, Any] = json.loads(held["json"])
        self.check_space(about["space"])
        arrays = {k: np.load(io.BytesIO(v)) for k, v in held.items() if k.endswith(".npy")}
        if "codes.npy" in arrays:
            stacks = list(np.moveaxis(arrays["codes.npy"], 1, 0))
        else:
            stacks = [arrays[f"level{k}.npy"] for k in range(about["levels"])]
        sides = {side.name: arrays[f"side-{side.name}.npy"] for side in self.form.spec.sides}
        source = Source(about["samples"], about["rate"], about["channels"])
        return AudioTokens(
            self.form.spec, [x.astype(np.int32) for x in stacks], sides, None, source
        )
