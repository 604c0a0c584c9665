"""Hear a recording before it is encoded: its samples, what they hash to, how much is silence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vocable.audio import Audio, AudioReader
from vocable.audio.manifest import read_part
from vocable.corpus.entry import Entry, Found
from vocable.errors import AudioError
from vocable.tokens import Source

LONG = 120  # seconds; what is longer is encoded in a stream, and never held whole
_BLOCK = 500  # frames of 20 ms
_SILENT = 10 ** (-60 / 10)  # power of a frame that counts as silence, full scale 1


@dataclass(frozen=True)
class Facts:
    """What was heard.

    digest      SHA-256 of rate, channels and samples, in 32 hexadecimal digits: equal for equal
                sound in whatever kind of lossless file
    silent      seconds in frames of 20 ms below -60 dBFS
    """

    samples: int
    rate: int  # Hz
    channels: int
    digest: str
    silent: float

    @property
    def seconds(self) -> float:
        """The length of the recording."""
        return self.samples / self.rate


@dataclass(frozen=True)
class Heard:
    """A recording that is ready to be encoded, or the fault that it has.

    audio   at the rate that the tokenizer reads; None for a long one, which `sound` gives in blocks
    source  what was recorded, in the file's own rate
    """

    entry: Entry
    audio: Audio | None = None
    sound: Any = None
    source: Source | None = None
    facts: Facts | None = None
    fault: str = ""


def hear(found: Found, rate: int, *, mix: bool = False, allow_loud: bool = False) -> Heard:
    """Return a recording at `rate` Hz, with what is known of its samples, or with its fault."""
    entry = found.entry
    if found.fault:
        return Heard(entry, fault=found.fault)
    try:
        return _heard(found, rate, mix, allow_loud)
    except (AudioError, OSError) as error:
        return Heard(entry, fault=str(error))


def _heard(found: Found, rate: int, mix: bool, allow_loud: bool) -> Heard:
    entry = found.entry
    if entry.start or entry.end is not None:
        audio = read_part(found.sound, entry.start, entry.end)
        meter = _Meter(audio.rate)
        meter.push(audio.samples)
        whole: Audio | None = audio
    else:
        whole, meter = _whole(found.sound, allow_loud)
    facts = meter.facts()
    if not facts.samples:
        raise AudioError(f"{entry.id} has 0 samples; at least 1 is needed")
    channels = 1 if mix else facts.channels
    recording = Heard(entry, None, found.sound, Source(facts.samples, facts.rate, channels), facts)
    if whole is None:
        return recording
    return replace(recording, audio=(whole.mono() if mix else whole).resample(rate), sound=None)


def _whole(sound: Any, allow_loud: bool) -> tuple[Audio | None, _Meter]:
    """Return a recording, None if it is longer than `LONG`; its blocks are all heard."""
    with AudioReader(sound, allow_loud=allow_loud) as reader:
        meter, kept = _Meter(reader.rate), list[np.ndarray]()
        for block in reader.blocks(reader.rate // 50 * _BLOCK):
            meter.push(block)
            if meter.samples <= LONG * reader.rate:
                kept.append(block)
            else:
                kept.clear()
        if meter.samples > LONG * reader.rate:
            return None, meter
        samples = np.concatenate(kept, axis=1) if kept else np.zeros((1, 0), np.float32)
        return Audio(samples, reader.rate, allow_loud=True), meter


class _Meter:
    """Counts, hashes and weighs samples as they come, in blocks of whole frames but the last."""

    def __init__(self, rate: int) -> None:
        self.rate, self.samples, self.channels = rate, 0, 0
        self._silent, self._frame = 0, rate // 50
        self._hash = hashlib.sha256(f"{rate}".encode())

    def push(self, block: np.ndarray) -> None:
        self.samples += block.shape[1]
        self.channels = len(block)
        self._hash.update(np.ascontiguousarray(block.T, dtype="<f4").data)
        self._silent += sum(self._silent_samples(block))

    def _silent_samples(self, block: np.ndarray) -> Iterator[int]:
        power = np.square(block, dtype=np.float32).mean(axis=0)
        whole = len(power) // self._frame * self._frame
        frames = power[:whole].reshape(-1, self._frame).mean(axis=1)
        yield int((frames < _SILENT).sum()) * self._frame
        if whole < len(power) and power[whole:].mean() < _SILENT:
            yield len(power) - whole

    def facts(self) -> Facts:
        self._hash.update(f"{self.channels}".encode())
        digest = self._hash.hexdigest()[:32]
        silent = self._silent / self.rate
        return Facts(self.samples, self.rate, self.channels, digest, silent)
