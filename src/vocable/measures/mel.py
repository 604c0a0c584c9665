"""Compare two signals by mel spectra in several resolutions, as DAC's and as EnCodec's makers do.

Both are called "mel distance" in papers, and they are different quantities: DAC's is of magnitudes,
on Slaney's scale with filters of one area; EnCodec's is of power over the window's energy, linear
and log, on the HTK scale with filters of peak 1.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples, Signal, check_full_scale
from vocable.measures.kept import keep
from vocable.measures.measure import Measure
from vocable.measures.registry import score
from vocable.measures.spectral import (
    MIN_RATE,
    SHORTEST,
    Spectrum,
    frame_magnitudes,
    hann,
    magnitudes,
)
from vocable.signal.slaney import slaney_filters as slaney_filters
from vocable.signal.slaney import triangles

Filters = Float64[np.ndarray, "bins bands"]

# Windows in samples and mel bands of each (DAC's paper; its class has other defaults).
DAC_SCALES = ((32, 5), (64, 10), (128, 20), (256, 40), (512, 80), (1024, 160), (2048, 320))
ENCODEC_WINDOWS = (64, 128, 256, 512, 1024)  # samples
ENCODEC_BANDS, ENCODEC_LOWEST = 64, 64.0  # mel bands of each window; Hz
FLOOR = 1e-5


def mel_distance_dac(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return DAC's multi-scale mel distance: the sum over seven windows of mean |Δ log10 mel|.

    Takes [samples] of one length. Windows of 32 to 2048 with 5 to 320 mels, magnitudes (power 1) of
    at least 1e-5, hop of a quarter window, centred, 0 Hz to half the rate, Slaney's mel scale and
    area norm (above 44.1 kHz the two shortest windows have an empty lowest band, which counts as
    equal). Not level-invariant. Kumar et al. 2023, arXiv 2306.06546, as its training recipe sets
    `MelSpectrogramLoss`; the defaults of that class, and so Codec-SUPERB's "mel", are another.
    """
    return score(MEL_DISTANCE_DAC, reference, degraded, rate)


def mel_distance_encodec(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return EnCodec's multi-scale mel distance: mean |Δ mel| + mean (Δ log10 mel)², averaged.

    Takes [samples] of one length. Windows of 64 to 1024, hop of a quarter; 64 mels of each, on the
    HTK scale from 64 Hz to half the rate, filters of peak 1 (many of short windows are empty, which
    counts as equal); power over the window's energy, 1e-5 added in the logarithm; at the ends
    (window - hop) / 2 samples reflected, then zeros to whole frames. The sum over windows is
    divided by 10, the sum of all weights. Défossez et al. 2022, arXiv 2210.13438, as the recipe of
    audiocraft 1.3.0 sets `msspec`.
    """
    return score(MEL_DISTANCE_ENCODEC, reference, degraded, rate)


@lru_cache(maxsize=32)
def htk_filters(rate: int, window: int, bands: int, lowest: float) -> Filters:
    """Return triangular filters with peak 1, on the HTK mel scale from `lowest` to half the rate.

    These are torchaudio's; one that is narrower than a bin may be empty.
    """
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (lowest, rate / 2))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    return _read_only(triangles(edges, rate, window))


def _read_only(filters: Filters) -> Filters:
    filters.setflags(write=False)
    return filters


def _dac(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    pairs = zip(_dac_mels(x, rate), _dac_mels(y, rate), strict=True)
    return sum(float(np.mean(np.abs(log_x - log_y))) for log_x, log_y in pairs)


@keep
def _dac_mels(samples: Samples, rate: int) -> tuple[Spectrum, ...]:
    return tuple(_dac_mel(samples, rate, *scale) for scale in DAC_SCALES)


def _dac_mel(samples: Samples, rate: int, window: int, bands: int) -> Spectrum:
    mel = magnitudes(samples, window, window // 4) @ slaney_filters(rate, window, bands)
    log_mel: Spectrum = np.log10(np.maximum(mel, FLOOR))
    return log_mel


def _encodec(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    differences = sum(map(_encodec_difference, _encodec_mels(x, rate), _encodec_mels(y, rate)))
    return differences / (2 * len(ENCODEC_WINDOWS))


@keep
def _encodec_mels(samples: Samples, rate: int) -> tuple[Spectrum, ...]:
    return tuple(_encodec_mel(samples, rate, window) for window in ENCODEC_WINDOWS)


def _encodec_difference(mel_x: Spectrum, mel_y: Spectrum) -> float:
    log_x, log_y = (np.log10(FLOOR + mel) for mel in (mel_x, mel_y))
    return float(np.abs(mel_x - mel_y).mean() + np.square(log_x - log_y).mean())


def _encodec_mel(samples: Samples, rate: int, window: int) -> Spectrum:
    hop = window // 4
    padded = np.pad(samples, (window - hop) // 2, mode="reflect")
    padded = np.pad(padded, (0, -(padded.size - window) % hop))
    power = frame_magnitudes(padded, window, hop) ** 2 / np.sum(hann(window) ** 2)
    mel: Spectrum = power @ htk_filters(rate, window, ENCODEC_BANDS, ENCODEC_LOWEST)
    return mel


MEL_DISTANCE_DAC = Measure(
    "mel_distance_dac",
    _dac,
    about="distance of log-mel spectra in seven resolutions, Kumar et al. 2023 (DAC)",
    unit="log10",
    direction="down",
    range=(0.0, inf),
    version="DAC 1.0.0",
    min_rate=MIN_RATE,
    shortest=SHORTEST,
    default=False,
)
MEL_DISTANCE_ENCODEC = Measure(
    "mel_distance_encodec",
    _encodec,
    about="distance of mel spectra, linear and log, in five resolutions, Défossez et al. 2022 "
    "(EnCodec)",
    unit="",
    direction="down",
    range=(0.0, inf),
    version="audiocraft 1.3.0",
    min_rate=MIN_RATE,
    shortest=SHORTEST,
    default=False,
)
