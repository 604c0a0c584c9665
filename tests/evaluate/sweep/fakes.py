"""Tiny systems that do what their name says, and clips of noise for them."""

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import Made

RATE = 8000
QUICK = ("si_sdr", "snr")  # measures


def write_clip(folder: Path, name: str, samples=None, **known) -> Clip:
    """Write a recording, by default a second of noise that only this name has."""
    if samples is None:
        seed = sum(map(ord, name))
        samples = np.random.default_rng(seed).standard_normal(RATE) * 0.1
    path = folder / f"{name}.wav"
    soundfile.write(path, np.asarray(samples, np.float32), RATE, subtype="FLOAT")
    return Clip(path, **{"set": "noise", "speaker": name, **known})


def original(recording: Recording) -> Made:
    return Made(recording.audio, 16 * len(recording.audio))


def halves(recording: Recording) -> Made:
    return Made(Audio(recording.audio.samples * np.float32(0.5), RATE), 100.0)


def rough(recording: Recording) -> Made:
    noise = np.random.default_rng(0).standard_normal(len(recording.audio)) * 0.01
    return Made(Audio(recording.audio.samples + noise[None].astype(np.float32), RATE), 200.0)


def throws(recording: Recording) -> Made:
    if recording.name == "b":
        raise ValueError("does not like b\nat all")
    return rough(recording)


def hangs(recording: Recording) -> Made:
    if recording.name == "b":
        time.sleep(600)
    return rough(recording)


def dies(recording: Recording) -> Made:
    if recording.name == "b":
        os.kill(os.getpid(), signal.SIGSEGV)
    return rough(recording)


def leaves(recording: Recording) -> Made:
    sys.exit(7)


def prints(recording: Recording) -> Made:
    print("noise on stdout", flush=True)
    return rough(recording)


def nan(recording: Recording) -> Made:
    return Made(Audio(recording.audio.samples * np.float32(np.nan), RATE))


def silent(recording: Recording) -> Made:
    return Made(Audio(recording.audio.samples * np.float32(0), RATE))


def empty(recording: Recording) -> Made:
    return Made(Audio(np.zeros((1, 0), np.float32), RATE))


def nothing(recording: Recording) -> None:
    return None


def array(recording: Recording) -> Made:
    return Made(recording.audio.samples)


def other_rate(recording: Recording) -> Made:
    return Made(recording.audio.resample(2 * RATE))


def other_length(recording: Recording) -> Made:
    return Made(Audio(recording.audio.samples[:, : RATE // 2], RATE))


def late(recording: Recording) -> Made:
    return Made(Audio(np.pad(recording.audio.samples, ((0, 0), (80, 0))), RATE))


@dataclass(frozen=True)
class Fake:
    """A system that writes a line to a file each time it makes something."""

    make: object
    calls: str = ""
    named: str = ""
    facts: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.named or self.make.__name__

    @property
    def family(self) -> str:
        return "control" if self.name == "original" else "fake"

    def identity(self, recording: str) -> dict:
        return {"make": self.make.__name__, **self.facts}

    def open(self):
        return self._make

    def _make(self, recording: Recording) -> Made:
        if self.calls:
            with open(self.calls, "a") as file:
                file.write(f"{recording.name} {self.name}\n")
        return self.make(recording)


def fakes(*makes, calls: Path | str = "") -> list[Fake]:
    return [Fake(make, str(calls)) for make in makes]


def plain(study) -> list:
    """Return the results of a study, in an order that does not depend on who was first."""
    return sorted(study.results, key=lambda each: (each.set, each.name, each.system))


def slow(recording: Recording) -> Made:
    time.sleep(0.2)
    return halves(recording)


@dataclass(frozen=True)
class OfFiles:
    """A system that has a file for each recording but b."""

    name: str = "files"
    family: str = "files"

    def identity(self, recording: str) -> dict:
        if recording == "b":
            raise FileNotFoundError(f"no file for {recording}")
        return {"file": recording}

    def open(self):
        return rough


def refuse() -> None:
    raise ValueError("not today")
