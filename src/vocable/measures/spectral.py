"""Compare two signals by their magnitude spectra, so that inaudible phase does not count."""

from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from vocable.errors import MeasureError
from vocable.measures.checks import Samples, Signal, check_full_scale, check_pair, check_rate

Spectrum = Float64[np.ndarray, "frames bins"]
Filters = Float64[np.ndarray, "bins bands"]

# Windows in samples and mel bands of each (DAC's paper; its class has other defaults).
MEL_SCALES = ((32, 5), (64, 10), (128, 20), (256, 40), (512, 80), (1024, 160), (2048, 320))
MEL_FLOOR = 1e-5
MEL_MIN_RATE = 8000
LSD_WINDOW = 2048
LSD_FLOOR = 1e-8


def mel_distance(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return DAC's multi-scale mel distance: the sum over seven windows of mean |Δ log10 mel|.

    Takes [samples] of one length and at least 2048. Magnitudes (power 1), floor 1e-5, hop of a
    quarter window, 0 Hz to half the rate, Slaney's mel scale and area norm (above 44.1 kHz the two
    shortest windows have an empty lowest band, which counts as equal). Not level-invariant.
    Kumar et al. 2023, arXiv 2306.06546; definitions differ, so compare only with this one.
    """
    x, y = check_pair(reference, degraded)
    rate = check_rate("mel_distance", rate, least=MEL_MIN_RATE)
    check_full_scale(x, y)
    _check_length(x, "mel_distance")
    return float(sum(_mel_difference(x, y, rate, window, bands) for window, bands in MEL_SCALES))


def log_spectral_distance(reference: Signal, degraded: Signal) -> float:
    """Return the mean over time of the root mean square over frequency of Δ log10 power.

    Takes [samples] of one length and at least 2048. Windows of 2048, hop 512, floor 1e-8 of power;
    10 times the result is the distance in dB. Gray and Markel 1976.
    """
    x, y = check_pair(reference, degraded)
    check_full_scale(x, y)
    _check_length(x, "log_spectral_distance")
    difference = _log_power(x) - _log_power(y)
    return float(np.mean(np.sqrt(np.mean(difference**2, axis=1))))


def magnitudes(samples: Samples, window: int, hop: int) -> Spectrum:
    """Return |STFT| with a periodic Hann window, centred frames and reflected edges."""
    padded = np.pad(samples, window // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    spectrum: Spectrum = np.abs(np.fft.rfft(frames * hann, axis=1))
    return spectrum


@lru_cache(maxsize=32)
def mel_filters(rate: int, window: int, bands: int) -> Filters:
    """Return triangular filters of equal area, on Slaney's mel scale from 0 Hz to half the rate.

    These are librosa's, in which published distances are stated. Training losses use another bank
    on purpose: `vocable.signal.spectra.mel_filters`, on the HTK scale, each filter with peak 1.
    """
    bins = np.arange(window // 2 + 1) * (rate / window)
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(rate / 2), bands + 2))
    rising = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters: Filters = triangles * (2.0 / (edges[2:] - edges[:-2]))
    filters.setflags(write=False)
    return filters


def _mel_difference(x: Samples, y: Samples, rate: int, window: int, bands: int) -> float:
    filters = mel_filters(rate, window, bands)
    log_x, log_y = (
        np.log10(np.maximum(magnitudes(s, window, window // 4) @ filters, MEL_FLOOR))
        for s in (x, y)
    )
    return float(np.mean(np.abs(log_x - log_y)))


def _log_power(samples: Samples) -> Spectrum:
    power = magnitudes(samples, LSD_WINDOW, LSD_WINDOW // 4) ** 2
    log_power: Spectrum = np.log10(np.maximum(power, LSD_FLOOR))
    return log_power


def _check_length(samples: Samples, name: str) -> None:
    longest = 2048
    if samples.size < longest:
        raise MeasureError(
            f"{name} needs at least {longest} samples, one whole window, got {samples.size}"
        )


# Slaney's scale: 200/3 Hz a mel up to 1 kHz (mel 15), then 27 mels to each factor of 6.4.
def _hz_to_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


def _mel_to_hz(mel: Float64[np.ndarray, "edges"]) -> Float64[np.ndarray, "edges"]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))
