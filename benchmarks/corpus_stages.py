"""What the stages of a corpus take on this machine, for benchmarks.corpus_simulation."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import vocable
from benchmarks.corpus_recordings import write_recordings
from vocable.corpus.entry import Entry, Found
from vocable.corpus.finish import finish
from vocable.corpus.hearing import hear
from vocable.corpus.marks import read_marks
from vocable.corpus.plan import begin
from vocable.corpus.run import planned
from vocable.corpus.sources import cut
from vocable.corpus.worker import Maker

FILES, RATE = 32, 16_000  # recordings that are measured, and their Hz
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
    sounds, out = folder / "sounds", folder / "out"
    sound = write_recordings(sounds, FILES, RATE)
    found = _parts(codec, sorted(sounds.iterdir()), sound)
    work, tokenizer, pieces = planned(sounds, out, codec, to="webdataset", size=8)
    maker = Maker(work, tokenizer)
    whole = sum(_seconds(maker.make, piece) for piece in pieces)
    marks = list(read_marks(out, range(len(pieces))))
    found["mark"] = sum(_seconds(mark.write, folder) for mark in marks) / len(marks)
    known = sound * (found["read"] + found["encode"]) + len(marks) * found["mark"]
    found["write"] = max(0.0, whole - known) / FILES
    listed = _seconds(list, cut(sounds)) + _seconds(begin, folder / "other", work.plan, pieces)
    found["plan"] = listed / FILES
    found["finish"] = _seconds(finish, out, work.plan, range(len(pieces))) / FILES
    return found | {"send": SEND, "start": _seconds(subprocess.run, _loading(codec))}


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
