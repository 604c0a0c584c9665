"""Draw spectrograms as small pictures: levels in dB over time, on a mel scale."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, UInt8

from vocable.audio import Audio
from vocable.measures.mel import htk_filters
from vocable.measures.spectral import hann
from vocable.png import mixed, palette_png

COLUMNS, BANDS = 420, 72  # pixels
RANGE = 70.0  # dB below the loudest that colours tell apart
_WINDOW = 0.05  # seconds, about
_LOWEST = 1e-10  # of power: what silence counts as
_SHADES = 28  # few enough for a small file
# From black through purple and orange to pale yellow: clear in grey and to the colour-blind.
_COLOURS = mixed(
    np.linspace(0, 1, _SHADES),
    ((0, 0, 4), (66, 10, 104), (147, 38, 103), (221, 81, 58), (252, 165, 10), (252, 255, 164)),
)

Levels = Float64[np.ndarray, "bands columns"]


def spectrograms(original: Audio, decoded: Audio) -> tuple[bytes, bytes]:
    """Return PNG of both, on one scale of time, pitch and level, so that a loss looks like one.

    Both last as long as the original and end at half its rate.
    """
    whole = original.mono()
    other = decoded.resample(original.rate).mono()
    levels = [_levels(each.samples[0], len(whole), whole.rate) for each in (whole, other)]
    top = max(float(each.max()) for each in levels)
    first, second = (palette_png(_shades(each - top), _COLOURS) for each in levels)
    return first, second


def _levels(samples: np.ndarray, length: int, rate: int) -> Levels:
    """Return dB of `length` samples, the lowest band last."""
    window = int(2 ** np.round(np.log2(_WINDOW * rate)))
    padded = np.zeros(length + window)
    kept = samples[:length]
    padded[window // 2 : window // 2 + len(kept)] = kept
    starts = np.linspace(0, length, COLUMNS).astype(int)
    frames = padded[starts[:, None] + np.arange(window)] * hann(window)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    bands = power @ htk_filters(rate, window, BANDS, 0.0)
    levels: Levels = 10 * np.log10(bands.T[::-1] + _LOWEST)
    return levels


def _shades(levels: Levels) -> UInt8[np.ndarray, "bands columns"]:
    shares = np.clip(1 + levels / RANGE, 0, 1)
    return np.round(shares * (_SHADES - 1)).astype(np.uint8)
