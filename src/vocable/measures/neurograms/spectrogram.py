"""Neurograms: levels in dB of frames in the bands of the ear, over one floor for both signals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples
from vocable.measures.kept import keep
from vocable.measures.neurograms.gammatone import filter_bank

FRAME = 0.08  # seconds
_OVERLAP = 0.25  # from one frame to the next, of a frame
_FLOOR = -45.0  # dB
_DEPTH = 45.0  # dB below the loudest of both signals in a frame

Levels = Float64[np.ndarray, "bands _"]  # root mean squares, each of so many frames
Neurogram = Float64[np.ndarray, "bands _"]  # dB


@dataclass(frozen=True)
class Resolution:
    """In what bands and frames a signal is looked at."""

    rate: int
    bands: int
    highest: float  # Hz

    @property
    def size(self) -> int:
        """Samples of a frame."""
        return round(FRAME * self.rate)

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return int(self.size * _OVERLAP)

    @property
    def seconds(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop / self.rate


@dataclass(frozen=True)
class Sound:
    """A recording or a part of one, and what is known of its levels."""

    samples: Samples
    grid: Resolution
    known: Levels | None = None  # of all frames of a recording
    start: int | None = None  # of this part in the recording, in samples

    @classmethod
    def of(cls, samples: Samples, grid: Resolution) -> Sound:
        """Return a whole recording, longer than one frame, with its levels."""
        return cls(samples, grid, _known(samples, grid), 0)

    def part(self, start: int, end: int) -> Sound:
        """Return the samples from `start` up to `end`."""
        first = None if self.start is None else self.start + start
        return replace(self, samples=self.samples[start:end], start=first)

    def after_silence(self, samples: int) -> Sound:
        """Return the sound with so many zeros before it."""
        if samples == 0:
            return self
        return replace(self, samples=np.pad(self.samples, (samples, 0)), start=None)

    def levels(self) -> Levels:
        """Return the levels of all frames, computed only where the recording's are others."""
        if self.known is None or self.start is None or self.start % self.grid.hop:
            return _levels(self.samples, self.grid)
        first = self.start // self.grid.hop
        count = 1 + (self.samples.size - self.grid.size) // self.grid.hop
        return self.known[:, first : first + count]


def neurograms(reference: Sound, degraded: Sound) -> tuple[Neurogram, Neurogram]:
    """Return both sounds' levels above the lowest of both; each is longer than one frame."""
    x, y = (_decibels(sound.levels()) for sound in (reference, degraded))
    both = min(x.shape[1], y.shape[1])
    floor = np.maximum(x[:, :both].max(axis=0), y[:, :both].max(axis=0)) - _DEPTH
    for levels in (x, y):
        np.maximum(levels[:, :both], floor, out=levels[:, :both])
    lowest = min(x.min(), y.min())
    return x - lowest, y - lowest


def _decibels(levels: Levels) -> Neurogram:
    # 10, not 20: that is how ViSQOL's mappings were fitted
    decibels: Neurogram = 10 * np.log10(np.maximum(levels, 10 ** (_FLOOR / 10)))
    return decibels


@keep
def _known(samples: Samples, grid: Resolution) -> Levels:
    return _levels(samples, grid)


def _levels(samples: Samples, grid: Resolution) -> Levels:
    bank = filter_bank(grid.rate, grid.size, grid.bands, grid.highest)
    return bank.levels(samples, grid.hop)
