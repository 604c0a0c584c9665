"""Line signals up by the cross-correlation of their envelopes."""

from __future__ import annotations

import numpy as np

from vocable.measures.checks import Unpaired


def align(reference: Unpaired, degraded: Unpaired) -> Unpaired:
    """Return `degraded` shifted onto `reference`, with zeros before what comes too early."""
    shift = lag(reference, degraded)
    return degraded[-shift:] if shift < 0 else np.pad(degraded, (shift, 0))


def lag(reference: Unpaired, degraded: Unpaired) -> int:
    """Return how many samples `degraded` comes too early by.

    It is 0 where that would be more than half the reference, which is not believed.
    """
    longest = max(reference.size, degraded.size)
    points = _smooth(2 * longest - 1)
    x, y = (np.fft.rfft(_envelope(signal), points) for signal in (reference, degraded))
    correlation = np.fft.irfft(x * y.conj(), points)
    lags = np.concatenate([correlation[points - longest + 1 :], correlation[:longest]])
    best = int(np.argmax(lags)) - (longest - 1)
    return best if abs(best) <= reference.size / 2 else 0


def _envelope(samples: Unpaired) -> Unpaired:
    """Return what ViSQOL 3 takes for the envelope: twice the magnitude about the mean.

    It means the Hilbert envelope, but its inverse transform is a real one, which gives back the
    signal, twice, less the last bin of a transform in a power of two (half, without zeros in it).
    """
    mean = samples.mean()
    centred = samples - mean
    points = 1 << (samples.size - 1).bit_length()
    signs = 1.0 - 2.0 * (np.arange(samples.size) % 2)
    last = np.dot(centred, signs) / points * (1.0 if points > samples.size else 0.5)
    envelope: Unpaired = 2 * np.abs(centred - last * signs) + mean
    return envelope


def _smooth(least: int) -> int:
    """Return a length from `least` up whose transform is fast: 2^a times 3^b times 5^c."""
    found = 1 << (least - 1).bit_length()
    for odd in (3, 5, 9, 15, 25, 27, 45, 75, 81, 125, 135, 225):
        found = min(found, odd << max(0, (-(-least // odd) - 1).bit_length()))
    return found
