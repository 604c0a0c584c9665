"""Compare two signals by their magnitude spectra, so that inaudible phase does not count."""

from __future__ import annotations

from math import inf

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples, Signal, check_full_scale
from vocable.measures.kept import keep
from vocable.measures.measure import Measure
from vocable.measures.registry import score

Spectrum = Float64[np.ndarray, "frames bins"]

MIN_RATE = 8000  # Hz
SHORTEST = 0.256  # seconds: 2048 samples, the longest window here, at the lowest rate
LSD_WINDOW, LSD_FLOOR = 2048, 1e-8  # samples; of power
STFT_WINDOWS, STFT_FLOOR = (2048, 512), 1e-5  # samples; of magnitude


def log_spectral_distance(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return the mean over time of the root mean square over frequency of Δ log10 power.

    Takes [samples] of one length. Windows of 2048, hop 512, floor 1e-8 of power; 10 times the
    result is the distance in dB. Gray and Markel 1976.
    """
    return score(LOG_SPECTRAL_DISTANCE, reference, degraded, rate)


def stft_distance_dac(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return DAC's multi-scale STFT distance: mean |Δ log10 power| + mean |Δ magnitude|, summed.

    Takes [samples] of one length. Windows of 2048 and 512, hop of a quarter, magnitudes of at least
    1e-5 in the logarithm; both terms weigh 1. Not level-invariant. `MultiScaleSTFTLoss` of
    descript-audiotools 0.7.2 as it is by default, "STFT distance" of Kumar et al. 2023 (arXiv
    2306.06546) and of Codec-SUPERB; auraloss's multi-resolution STFT is another quantity.
    """
    return score(STFT_DISTANCE_DAC, reference, degraded, rate)


def magnitudes(samples: Samples, window: int, hop: int) -> Spectrum:
    """Return |STFT| with a periodic Hann window, centred frames and reflected edges."""
    return frame_magnitudes(np.pad(samples, window // 2, mode="reflect"), window, hop)


def frame_magnitudes(samples: Samples, window: int, hop: int) -> Spectrum:
    """Return |STFT| with a periodic Hann window of the whole frames in `samples`."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    spectrum: Spectrum = np.abs(np.fft.rfft(frames * hann(window), axis=1))
    return spectrum


def hann(window: int) -> Float64[np.ndarray, " window"]:
    """Return the periodic Hann window of so many samples."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)


def _log_spectral_distance(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    difference = _log_power(x) - _log_power(y)
    return float(np.mean(np.sqrt(np.mean(difference**2, axis=1))))


@keep
def _log_power(samples: Samples) -> Spectrum:
    power = magnitudes(samples, LSD_WINDOW, LSD_WINDOW // 4) ** 2
    log_power: Spectrum = np.log10(np.maximum(power, LSD_FLOOR))
    return log_power


def _stft_distance(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    return sum(map(_stft_difference, _spectra(x), _spectra(y)))


@keep
def _spectra(samples: Samples) -> tuple[Spectrum, ...]:
    return tuple(magnitudes(samples, window, window // 4) for window in STFT_WINDOWS)


def _stft_difference(a: Spectrum, b: Spectrum) -> float:
    log_a, log_b = (2 * np.log10(np.maximum(s, STFT_FLOOR)) for s in (a, b))
    return float(np.abs(log_a - log_b).mean() + np.abs(a - b).mean())


LOG_SPECTRAL_DISTANCE = Measure(
    "log_spectral_distance",
    _log_spectral_distance,
    about="distance of log power spectra (× 10: dB), Gray and Markel 1976",
    unit="log10",
    direction="down",
    range=(0.0, inf),
    min_rate=MIN_RATE,
    shortest=SHORTEST,
    default=False,
)
STFT_DISTANCE_DAC = Measure(
    "stft_distance_dac",
    _stft_distance,
    about="distance of spectra, linear and log, in two resolutions, Kumar et al. 2023 (DAC)",
    unit="",
    direction="down",
    range=(0.0, inf),
    version="audiotools 0.7.2",
    min_rate=MIN_RATE,
    shortest=SHORTEST,
    default=False,
)
