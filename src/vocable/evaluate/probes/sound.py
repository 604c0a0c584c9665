"""Name what a probe hears: clips of manifests, and mixtures that are made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.evaluate.recording import check_sound

LONGEST = 4.0  # seconds of a mixture


@runtime_checkable
class Sound(Protocol):
    """A recording of one channel that is read when it is needed."""

    @property
    def name(self) -> str:
        """What reasons call it."""
        ...

    @property
    def key(self) -> str:
        """What it holds: equal keys, equal samples."""
        ...

    def read(self) -> Audio:
        """Return it, mixed to one channel; MeasureError where it is silent."""
        ...


@dataclass(frozen=True)
class Recorded:
    """A clip as it is."""

    clip: Clip

    @property
    def name(self) -> str:
        """The clip's name."""
        return self.clip.name

    @property
    def key(self) -> str:
        """The hash of the file, and which part of it."""
        path = self.clip.path
        state = path.stat()
        end = "" if self.clip.end is None else f"{self.clip.end:g}"
        return f"{_file_hash(path, state.st_mtime_ns, state.st_size)}[{self.clip.start:g}:{end}]"

    def read(self) -> Audio:
        """Read it; a file of many clips is decoded once for neighbouring ones."""
        if self.clip.end is None:
            return check_sound(self.clip.read().mono(), "recording")
        whole = _whole(self.clip.path)
        first, last = (round(at * whole.rate) for at in (self.clip.start, self.clip.end))
        return check_sound(Audio(whole.samples[:, first:last], whole.rate), "recording")


@dataclass(frozen=True)
class Mixed:
    """Two sounds at once, as long as the shorter and at most 4 s; or what one of them adds to it.

    decibels   by how much the first is louder in mean power
    take       "both", "first" or "second": which part of the mixture this is
    """

    first: Sound
    second: Sound
    decibels: float
    take: Literal["both", "first", "second"] = "both"

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first.name}+{self.second.name}"

    @property
    def key(self) -> str:
        """Both keys, the level and the part."""
        return f"{self.take}({self.first.key},{self.second.key},{self.decibels:g})"

    def read(self) -> Audio:
        """Mix; where the sum would exceed ±1, all parts are made quieter by one factor."""
        x = self.first.read()
        y = self.second.read().resample(x.rate)
        size = min(len(x), len(y), round(LONGEST * x.rate))
        one, two = (each.samples[:, :size].astype(np.float64) for each in (x, y))
        power = [max(float(np.mean(each**2)), 1e-12) for each in (one, two)]
        two = two * np.sqrt(power[0] / power[1] / 10 ** (self.decibels / 10))
        peak = max(1.0, float(np.abs(one + two).max()))
        taken = {"both": one + two, "first": one, "second": two}[self.take]
        made = Audio((taken / peak).astype(np.float32), x.rate)
        return check_sound(made, "mixture")


@lru_cache(maxsize=4096)
def _file_hash(path: Path, changed: int, size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


@lru_cache(maxsize=2)
def _whole(path: Path) -> Audio:
    return Audio.read(path).mono()
