"""Compare two signals sample by sample."""

import numpy as np

from vocable.errors import MeasureError
from vocable.measures.checks import Signal, check_pair, is_silent

# In dB. Two equal signals would be infinitely alike, and rounding decides what is printed then.
SI_SDR_CAP = 100.0


def si_sdr(reference: Signal, degraded: Signal) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB, at most 100.

    Takes [samples] of one length, aligned: one sample of delay in speech costs tens of dB (see
    `delay`). Means are removed. A silent `degraded` has no scale and raises MeasureError.
    Le Roux et al. 2019, arXiv 1811.02508.
    """
    x, y = check_pair(reference, degraded)
    x, y = x - x.mean(), y - y.mean()
    if is_silent(x) or is_silent(y):
        raise MeasureError("si_sdr needs sound on both sides, but one is silent without its mean")
    target = x * (np.dot(x, y) / np.dot(x, x))
    return _decibels(float(np.sum(target**2)), float(np.sum((target - y) ** 2)))


def delay(reference: Signal, degraded: Signal, limit: int) -> int:
    """Return by how many samples `degraded` comes after `reference`, from -limit to +limit.

    It is the lag of the largest cross-correlation; `degraded[lag:]` then lines up with `reference`.
    Takes [samples] of one length.
    """
    x, y = check_pair(reference, degraded)
    if not 0 <= limit < x.size:
        raise MeasureError(f"limit must be from 0 to {x.size - 1} samples, got {limit}")
    size = 2 * x.size  # room for every lag without wrapping round
    product = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(x, size).conj(), size)
    lags = np.arange(-limit, limit + 1)
    return int(lags[np.argmax(product[lags])])


def _decibels(power: float, noise: float) -> float:
    cap = 10 ** (SI_SDR_CAP / 10)
    if power >= cap * noise:
        return SI_SDR_CAP
    return 10 * float(np.log10(power / noise)) if power > 0 else -SI_SDR_CAP
