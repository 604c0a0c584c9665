"""What the stages of a corpus take on this machine, for benchmarks.corpus_simulation."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

import vocable
from benchmarks.corpus_recordings import write_recordings
from vocable.corpus.entry import Entry, Found
from vocable.corpus.finish import finish
from vocable.corpus.hearing import hear
from vocable.corpus.marks import Item, Mark, read_marks
from vocable.corpus.pieces import Piece
from vocable.corpus.plan import Plan, begin
from vocable.corpus.rows import Row
from vocable.corpus.run import planned
from vocable.corpus.sources import cut, read
from vocable.corpus.worker import Maker

FILES, RATE = 32, 16_000  # recordings that are measured, and their Hz
MANY, SHARDS = 1000, 20  # recordings in a piece, and pieces, that are planned and added up
SEND = 0.001  # seconds; assumed, since it depends on the network


def _said(text: str) -> Any:
    return field(default=0.0, metadata={"help": text})


@dataclass(frozen=True)
class Stages:
    """Seconds that each stage takes."""

    read: float = _said("seconds to read and hash a second of sound")
    resample: float = _said("seconds to resample a second of sound")
    encode: float = _said("seconds to encode a second of sound")
    write: float = _said("seconds to write a recording's tokens")
    mark: float = _said("seconds to mark a piece")
    send: float = _said("seconds of the driver to send a piece and hear of it")
    plan: float = _said("seconds to plan a recording that is a file, or a tar")
    finish: float = _said("seconds to add up a recording at the end")
    start: float = _said("seconds until a worker has loaded its model")

    def piece(self, recording: float, count: int) -> float:
        """Return the seconds of a piece of so many recordings, of so many seconds each."""
        sound = count * recording
        each = self.read + self.resample + self.encode
        return sound * each + count * self.write + self.mark


def measured(codec: str, *, without: Container[str]) -> Stages:
    """Return all stages, those of `without` as 0; nothing is measured where none is left."""
    names = [each for each in Stages.__dataclass_fields__ if each not in without]
    if not names:
        return Stages()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found = _measured(codec, Path(folder))
    return Stages(**{name: found[name] for name in names})


def _measured(codec: str, folder: Path) -> dict[str, float]:
    sound = write_recordings(folder / "few", FILES, RATE)
    found = _parts(codec, sorted((folder / "few").iterdir()), sound)
    work, tokenizer, pieces = planned(folder / "few", folder / "out", codec, to="webdataset")
    found["write"] = _writing(folder, Maker(work, tokenizer), tokenizer, pieces)
    for piece in pieces:
        Maker(work, tokenizer).make(piece)
    items = [item for mark in read_marks(folder / "out", range(len(pieces))) for item in mark.items]
    found |= _many(folder / "many", work.plan, items)
    return found | {"send": SEND, "start": _seconds(subprocess.run, _loading(codec))}


def _writing(folder: Path, maker: Maker, tokenizer: Any, pieces: list[Piece]) -> float:
    """Return what it takes to write the tokens of a recording."""
    heard = [hear(found, RATE) for piece in pieces for found in read(piece)]
    tokens = tokenizer.encode_batch([each.audio for each in heard])
    rows = [Row(h.entry, t, h.facts) for h, t in zip(heard, tokens, strict=True) if h.facts]
    return _seconds(maker.output.write, folder, 0, iter(rows)) / len(rows)


def _many(folder: Path, plan: Plan, items: list[Item]) -> dict[str, float]:
    """Return what it takes to plan a recording, mark a piece, and add up a recording."""
    sounds, out = folder / "sounds", folder / "out"
    sounds.mkdir(parents=True)
    for number in range(MANY * SHARDS):
        (sounds / f"{number:06d}.flac").touch()
    pieces: list[Piece] = []
    planning = _seconds(lambda: pieces.extend(cut(sounds, MANY))) + _seconds(
        begin, out, plan, pieces
    )
    marking = 0.0
    for piece in pieces:
        entries = zip(piece.entries, itertools.cycle(items))
        own = [replace(i, id=e.id, digest=f"{int(e.id):032x}") for e, i in entries]
        mark = Mark(piece.number, {}, tuple(own))
        marking += _seconds(mark.write, out)
    known = replace(plan, pieces=len(pieces))
    adding = _seconds(finish, out, known, range(len(pieces)))
    count = MANY * SHARDS
    return {"plan": planning / count, "mark": marking / SHARDS, "finish": adding / count}


def _parts(codec: str, paths: list[Path], sound: float) -> dict[str, float]:
    """Return what one second of sound takes to be read, resampled from 24 kHz, and encoded."""
    tokenizer = vocable.load(codec)
    tokenizer.encode_batch(paths[:4])
    founds = [Found(Entry(path.stem, str(path)), str(path)) for path in paths]
    read = sum(_seconds(hear, found, RATE) for found in founds)
    heard = [vocable.Audio.read(path) for path in paths]
    wide = [vocable.Audio(each.samples, 24_000) for each in heard]
    resample = sum(_seconds(each.resample, 16_000) for each in wide) * 24_000 / RATE
    at_rate = [each.resample(tokenizer.spec.rate) for each in heard]
    encode = _seconds(tokenizer.encode_batch, at_rate)
    return {"read": read / sound, "resample": resample / sound, "encode": encode / sound}


def _loading(codec: str) -> list[str]:
    return [sys.executable, "-c", f"import vocable; vocable.load({codec!r})"]


def _seconds(do: Callable[..., object], *given: object) -> float:
    """Return the CPU seconds of a call and processes in it: other work here does not count."""
    begun = _processor()
    do(*given)
    return _processor() - begun


def _processor() -> float:
    return time.process_time() + sum(os.times()[2:4])  # and of processes that have ended
