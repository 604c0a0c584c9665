"""Slaney's mel scale, and its filters of equal area: librosa's."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=32)
def slaney_filters(
    rate: int, window: int, bands: int, lowest: float = 0.0, highest: float | None = None
) -> NDArray[np.float64]:
    """Return triangular filters of equal area on Slaney's mel scale, `[window / 2 + 1, bands]`.

    rate, lowest, highest: in Hz; the filters go from `lowest` to `highest`, half the rate if None.
    These are librosa's, in which published distances are stated. Training losses use another bank
    on purpose: `vocable.signal.spectra.mel_filters`, on the HTK scale, each filter with peak 1.
    """
    ends = hz_to_slaney(lowest), hz_to_slaney(rate / 2 if highest is None else highest)
    edges = slaney_to_hz(np.linspace(*ends, bands + 2))
    filters: NDArray[np.float64] = triangles(edges, rate, window) * (2.0 / (edges[2:] - edges[:-2]))
    filters.setflags(write=False)
    return filters


def triangles(edges: NDArray[np.float64], rate: int, window: int) -> NDArray[np.float64]:
    """Return triangles with peak 1 over neighbouring edges in Hz, `[window / 2 + 1, bands]`."""
    bins = np.arange(window // 2 + 1) * (rate / window)
    rising = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    found: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return found


# 200/3 Hz a mel up to 1 kHz (mel 15), then 27 mels to each factor of 6.4.
def hz_to_slaney(hz: float) -> float:
    """Convert Hz to mel by Slaney's formula."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


def slaney_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert mel to Hz, the inverse of `hz_to_slaney`."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))
