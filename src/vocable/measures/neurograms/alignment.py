"""Line signals up by the cross-correlation of their envelopes."""

from __future__ import annotations

import numpy as np

from vocable.measures.checks import Samples


def align(reference: Samples, degraded: Samples) -> tuple[Samples, int]:
    """Return `degraded` shifted onto `reference`, and by how many samples: late if positive.

    Zeros go before what comes too early; a shift of more than half the reference is not believed.
    """
    lag = _lag(_envelope(reference), _envelope(degraded))
    if abs(lag) > reference.size / 2:
        return degraded, 0
    return (degraded[-lag:] if lag < 0 else np.pad(degraded, (lag, 0))), lag


def _envelope(samples: Samples) -> Samples:
    """Return what ViSQOL 3 takes for the envelope: twice the magnitude about the mean.

    It means the Hilbert envelope, but its inverse transform is a real one, which gives back the
    signal, twice, less the share of the last bin of a transform in a power of two.
    """
    mean = samples.mean()
    centred = samples - mean
    points = 1 << (samples.size - 1).bit_length()
    if points > samples.size:
        signs = 1.0 - 2.0 * (np.arange(samples.size) % 2)
        last = np.dot(centred, signs) / points
        centred = centred - last * signs
    envelope: Samples = 2 * np.abs(centred) + mean
    return envelope


def _lag(x: Samples, y: Samples) -> int:
    longest = max(x.size, y.size)
    points = 1 << (2 * longest - 1).bit_length()
    product = np.fft.rfft(x, points) * np.fft.rfft(y, points).conj()
    correlation = np.fft.irfft(product, points)
    lags = np.roll(correlation, longest - 1)[: 2 * longest - 1]
    return int(np.argmax(lags)) - (longest - 1)
