"""Neurograms: levels in dB of frames in the bands of the ear, over one floor for both signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples
from vocable.measures.neurograms.gammatone import filter_bank

FRAME = 0.08  # seconds
_OVERLAP = 0.25  # from one frame to the next, of a frame
_FLOOR = -45.0  # dB
_DEPTH = 45.0  # dB below the loudest of both signals in a frame

Neurogram = Float64[np.ndarray, "bands frames"]


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
        return self.size * _OVERLAP / self.rate


def neurograms(
    reference: Samples, degraded: Samples, resolution: Resolution
) -> tuple[Neurogram, Neurogram]:
    """Return both signals' levels above the lowest of both; each is longer than one frame."""
    x, y = (_decibels(signal, resolution) for signal in (reference, degraded))
    both = min(x.shape[1], y.shape[1])
    floor = np.maximum(x[:, :both].max(axis=0), y[:, :both].max(axis=0)) - _DEPTH
    for levels in (x, y):
        np.maximum(levels[:, :both], floor, out=levels[:, :both])
    lowest = min(x.min(), y.min())
    return x - lowest, y - lowest


def _decibels(samples: Samples, resolution: Resolution) -> Neurogram:
    bank = filter_bank(resolution.rate, resolution.size, resolution.bands, resolution.highest)
    levels = bank.levels(samples, resolution.hop)
    # 10, not 20: that is how ViSQOL's mappings were fitted
    decibels: Neurogram = 10 * np.log10(np.maximum(levels, 10 ** (_FLOOR / 10)))
    return decibels
