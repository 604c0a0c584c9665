"""Lines of JSON with `audio_codes`, as the fine-tuning scripts of Qwen3-TTS and MOSS-TTS read them.

`audio_codes` is a list of frames, each a list of its levels' codes.
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
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Source


class Lines(Output):
    """`NNNNNN.jsonl`."""

    name = "jsonl"

    def __init__(self, form: Form) -> None:
        super().__init__(form)
        if not form.spec.uniform or form.spec.sides:
            what = "sides" if form.spec.sides else "levels of several rates"
            raise TokenError(f"jsonl holds frames of codes; {form.spec.name} has {what}")

    def refuses(self, tokens: AudioTokens) -> str:
        if tokens.streams == 1:
            return ""
        return f"it has {tokens.streams} streams of codes and a line holds one; take --mix"

    def write(self, folder: Path, piece: int, rows: Iterator[Row]) -> Written:
        name = f"{piece:06d}.jsonl"
        with open(folder / name, "w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps(_line(row), ensure_ascii=False) + "\n")
        return Written([name])

    def read(self, folder: Path, mark: Mark) -> Iterator[AudioTokens]:
        (name,) = mark.files
        with open(folder / name, encoding="utf-8") as file:
            for line, item in zip(file, mark.items, strict=True):
                row = json.loads(line)
                self.check_space(row["space"])
                codes = np.array(row["audio_codes"], np.int32)
                stacks = codes.reshape(-1, self.form.levels).T[:, None]
                source = Source(item.samples, item.rate, item.channels)
                yield AudioTokens(self.form.spec, list(stacks), source=source)

    def settings(self) -> dict[str, Any]:
        return {}


def _line(row: Row) -> dict[str, Any]:
    entry, tokens = row.entry, row.tokens
    line: dict[str, Any] = {"id": entry.id}
    if entry.path:
        line["audio"] = entry.path
    line |= {k: v for k in ("text", "speaker", "language") if (v := getattr(entry, k))}
    line |= {"space": tokens.spec.space, "samples": row.facts.samples, "rate": row.facts.rate}
    return line | {"audio_codes": tokens.codes[0].T.tolist()}
