"""Alter a segment so that it sounds as if another voice, another room or line had recorded it."""

from __future__ import annotations

import numpy as np
import soxr
from jaxtyping import Float32

from vocable.train.data.tables import Augment

_POINTS = 8  # of the equalizer's curve, from 60 Hz to half of the rate, at equal ratios
_SLOPE_HZ = 300  # over which a low pass falls
_STOP_DB = -70.0

Samples = Float32[np.ndarray, "channels _"]


def resize(samples: Samples, length: int) -> Samples:
    """Return all of `samples` played faster or slower, in `length` samples: pitch moves with it."""
    if samples.shape[1] == length:
        return samples
    played = soxr.resample(samples.T, samples.shape[1], length).T
    sized = np.zeros((len(samples), length), np.float32)
    sized[:, : min(length, played.shape[1])] = played[:, :length]
    return sized


def colour(samples: Samples, rate: int, augment: Augment, random: np.random.Generator) -> Samples:
    """Return samples behind a random equalizer and, some of them, a low pass; as loud as before."""
    low = augment.low_pass_share > 0 and random.random() < augment.low_pass_share
    if not (low or augment.equalizer_db):
        return samples
    hz = np.linspace(0, rate / 2, samples.shape[1] // 2 + 1)
    gain = np.zeros_like(hz)
    if augment.equalizer_db:
        points = np.geomspace(60, rate / 2, _POINTS)
        curve = random.normal(0, augment.equalizer_db, _POINTS)
        gain += np.interp(np.log(hz + 1), np.log(points), curve)
    if low:
        edge = random.uniform(*augment.low_pass_hz)
        gain += _STOP_DB * np.clip((hz - edge) / _SLOPE_HZ, 0, 1)
    filtered = np.fft.irfft(np.fft.rfft(samples) * 10 ** (gain / 20), samples.shape[1])
    loudness = np.sqrt(np.square(samples).sum() / (np.square(filtered).sum() + 1e-12))
    as_loud: Samples = (filtered * loudness).astype(np.float32)
    return as_loud
