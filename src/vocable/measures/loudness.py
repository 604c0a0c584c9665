"""Measure how loud a recording is by Recommendation ITU-R BS.1770-5, in LUFS.

Each channel goes through two filters (a head's shelf and a high-pass), its power is taken in blocks
of 400 ms that overlap by three quarters, and the mean is over the blocks that are neither below
-70 LUFS nor 10 LU below the mean of those. All channels count alike, as left and right do there.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from vocable.audio import Audio
from vocable.errors import MeasureError

BLOCK, HOP = 0.4, 0.1  # seconds
FLOOR, BELOW = -70.0, 10.0  # LUFS that silence is below; LU below the mean that do not count
OFFSET = -0.691  # makes a sine of 997 Hz at full scale in one channel -3.01 LUFS


def loudness(audio: Audio) -> float:
    """Return the integrated loudness in LUFS. MeasureError for less than 0.4 s, and for silence."""
    if audio.seconds < BLOCK:
        raise MeasureError(f"loudness is of {BLOCK} s or more, got {audio.seconds:.2f} s")
    power = _block_powers(audio)
    power = power[power > _power(FLOOR)]
    if not power.size:
        raise MeasureError(f"nothing is above {FLOOR:g} LUFS, so there is no loudness to match")
    power = power[power > power.mean() * 10 ** (-BELOW / 10)]
    return OFFSET + 10 * math.log10(power.mean())


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET) / 10))


def _block_powers(audio: Audio) -> Float64[np.ndarray, "_"]:
    """Return the weighted power of each block, all channels together."""
    size, hop = round(BLOCK * audio.rate), round(HOP * audio.rate)
    squares = np.square(_weighted(audio)).sum(axis=0)
    sums = np.concatenate([[0.0], np.cumsum(squares)])
    starts = np.arange(0, squares.size - size + 1, hop)
    powers: np.ndarray = (sums[starts + size] - sums[starts]) / size
    return powers


def _weighted(audio: Audio) -> Float64[np.ndarray, "channels samples"]:
    """Filter by multiplying spectra; half a second of zeros behind holds what rings on."""
    samples = audio.samples.astype(np.float64)
    size = 1 << (samples.shape[1] + audio.rate // 2).bit_length()
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response = np.ones_like(z)
    for b, a in (_shelf(audio.rate), _high_pass(audio.rate)):
        response *= np.polyval(b[::-1], z) / np.polyval(a[::-1], z)
    filtered: np.ndarray = np.fft.irfft(np.fft.rfft(samples, size) * response, size)
    return filtered[:, : samples.shape[1]]


# The Recommendation gives coefficients for 48 kHz only; these are the analogue filters that they
# come from, for any rate (De Man 2014, "Evaluation of implementations of the EBU R128 loudness
# measurement").
Filter = tuple[list[float], list[float]]


def _shelf(rate: int) -> Filter:
    k, q = math.tan(math.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = [high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k]
    return [each / a0 for each in b], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def _high_pass(rate: int) -> Filter:
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
