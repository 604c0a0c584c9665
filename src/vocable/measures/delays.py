"""Find by how long decoded sound comes late, whether its codec keeps the waveform or not.

Where it does, the waveforms say so to the sample. A vocoder's output has another phase, and its
waveform agrees with its source's a little at many lags; there the levels in bands decide, to the
millisecond. A delay is believed only where it explains clearly more than none does, so that noise
and held notes move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from vocable.errors import MeasureError
from vocable.measures.checks import Samples, Signal, check_pair, is_silent
from vocable.measures.spectral import frame_magnitudes

Columns = Float64[np.ndarray, "steps columns"]
Correlations = Float64[np.ndarray, "lags"]

CAP = 0.05  # seconds: a longer delay is a fault to be looked at, and is not made good
SEARCHED = 0.5  # seconds to either side, to tell a longer one
LOOKED_AT = 30.0, 2**21  # seconds and samples of the recordings, at most
AGREES = 0.25  # of the power must be explained, for a delay to be believed
# What a delay may leave unexplained, of what none leaves. A vocoder's below 5 ms is not told.
LEFT_OF_WAVEFORM, LEFT_OF_BANDS = 0.9, 0.95
STEP, WINDOW = 0.001, 0.016  # seconds between levels in bands, and that one is of
BANDS, FLOOR = 16, 1e-4  # bands; of a band's mean power
BLOCK = 1000  # frames looked at together


def delay(reference: Signal, degraded: Signal, limit: int) -> int:
    """Return by how many samples `degraded` comes after `reference`, from -limit to +limit.

    It is the lag of the largest cross-correlation; `degraded[lag:]` then lines up with `reference`.
    Takes [samples] of one length. For codecs that keep the waveform; `find_delay` takes others too.
    """
    x, y = check_pair(reference, degraded)
    if not 0 <= limit < x.size:
        raise MeasureError(f"limit must be from 0 to {x.size - 1} samples, got {limit}")
    return int(np.argmax(_correlations(x[:, None], y[:, None], limit)) - limit)


def find_delay(reference: Samples, decoded: Samples, rate: int) -> float:
    """Return by how many seconds `decoded` comes late, 0 where no delay is told; at most 0.5.

    Takes [samples] of one length at `rate` Hz; of silence it is 0. Positive: cut the start of
    `decoded`; negative: that of `reference`.
    """
    most = min(round(LOOKED_AT[0] * rate), LOOKED_AT[1])
    x, y = reference[:most], decoded[:most]
    if x.size < 2 * WINDOW * rate or is_silent(x - x.mean()) or is_silent(y - y.mean()):
        return 0.0
    limit = min(x.size - 1, round(SEARCHED * rate))
    a, b = ((signal - signal.mean())[:, None] for signal in (x, y))
    found = _believed(a, b, limit, LEFT_OF_WAVEFORM)
    if found is not None:
        return found / rate
    hop = max(1, round(STEP * rate))
    a, b = (_levels(signal, rate, hop) for signal in (x, y))
    steps = _believed(a, b, limit // hop, LEFT_OF_BANDS)
    return (steps or 0) * hop / rate


def _believed(x: Columns, y: Columns, limit: int, left: float) -> int | None:
    """Return the lag that both agree at; 0 where none is not much worse; None without agreement."""
    scale = np.sqrt(np.square(x).sum() * np.square(y).sum())
    explained = np.square(_correlations(x, y, limit) / scale)
    lag = int(np.argmax(explained))
    if explained[lag] < AGREES:
        return None
    return lag - limit if 1 - explained[lag] <= left * (1 - explained[limit]) else 0


def _correlations(x: Columns, y: Columns, limit: int) -> Correlations:
    """Return the cross-correlation, summed over columns, at lags of -limit to +limit."""
    size = 1 << (len(x) + limit).bit_length()  # nothing wraps round
    product = np.fft.rfft(y, size, axis=0) * np.fft.rfft(x, size, axis=0).conj()
    correlation = np.fft.irfft(product.sum(axis=1), size)
    lags: Correlations = correlation[np.arange(-limit, limit + 1)]
    return lags


def _levels(samples: Samples, rate: int, hop: int) -> Columns:
    """Return the logarithm of the power in bands, less each band's mean."""
    window = 2 * round(WINDOW * rate / 2)
    edges = np.unique(np.geomspace(2, window // 2, BANDS + 1).round().astype(int))
    blocks = [
        np.add.reduceat(frame_magnitudes(block, window, hop) ** 2, edges[:-1], axis=1)
        for block in _overlapping(samples, window, hop)
    ]
    bands = np.concatenate(blocks)
    levels: Columns = np.log(bands + FLOOR * bands.mean(axis=0) + 1e-12)
    levels -= levels.mean(axis=0)
    return levels


def _overlapping(samples: Samples, window: int, hop: int) -> Iterator[Samples]:
    """Yield blocks that hold the frames of a recording, each once: all at once take gigabytes."""
    step = hop * BLOCK
    for start in range(0, samples.size - window + 1, step):
        yield samples[start : start + step - hop + window]
