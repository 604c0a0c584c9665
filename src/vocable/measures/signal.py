"""Compare two signals sample by sample: one sample of delay in speech costs tens of dB."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples, Signal, check_full_scale
from vocable.measures.measure import Measure
from vocable.measures.registry import score

Frames = Float64[np.ndarray, "frames size"]

# In dB. Two equal signals would be infinitely alike, and rounding decides what is printed then.
CAP = 100.0
SEGMENT, HOP = 0.032, 0.016  # seconds of one frame of the segmental ratio, and between two
LEAST, MOST = -10.0, 35.0  # dB that one frame counts
PAUSE = 1e-6  # of the loudest frame's power: frames of the reference below -60 dB are left out


def snr(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return the signal-to-noise ratio in dB, -100 to 100: power of x over that of x - y.

    Takes [samples] of one length, aligned, of one level: a gain counts as noise.
    """
    return score(SNR, reference, degraded, rate)


def segmental_snr(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return the mean signal-to-noise ratio of frames in dB, each limited to -10 to 35 dB.

    Takes [samples] of one length, aligned, of one level. Rectangular frames of 32 ms every 16 ms;
    those whose reference is more than 60 dB below its loudest frame are left out. Values depend on
    these rules by several dB. Hansen and Pellom 1998, with the limits of theirs.
    """
    return score(SEGMENTAL_SNR, reference, degraded, rate)


def si_sdr(reference: Signal, degraded: Signal, rate: int, *, zero_mean: bool = True) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB, at most 100.

    Takes [samples] of one length, aligned. zero_mean: remove both means first; torchmetrics, unlike
    others, does not. Le Roux et al. 2019, arXiv 1811.02508.
    """
    if zero_mean:
        return score(SI_SDR, reference, degraded, rate)
    return score(replace(SI_SDR, function=_scaled_ratio), reference, degraded, rate)


def _ratio(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    return _decibels(float(np.dot(x, x)), float(np.sum((x - y) ** 2)))


def _segmental_ratio(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    signal, noise = (np.square(_frames(s, rate)).sum(axis=1) for s in (x, x - y))
    loud = signal > PAUSE * signal.max()
    signal, noise = signal[loud], noise[loud]
    limit = 10 ** (MOST / 10)
    ratios = np.divide(signal, noise, out=np.full_like(signal, limit), where=noise > signal / limit)
    return float(np.clip(10 * np.log10(ratios), LEAST, MOST).mean())


def _frames(samples: Samples, rate: int) -> Frames:
    size, hop = round(SEGMENT * rate), round(HOP * rate)
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]


def _centred_ratio(x: Samples, y: Samples, rate: int) -> float:
    return _scaled_ratio(x - x.mean(), y - y.mean(), rate)


def _scaled_ratio(x: Samples, y: Samples, rate: int) -> float:
    target = x * (np.dot(x, y) / np.dot(x, x))
    return _decibels(float(np.dot(target, target)), float(np.sum((target - y) ** 2)))


def _decibels(power: float, noise: float) -> float:
    cap = 10 ** (CAP / 10)
    if power >= cap * noise:
        return CAP
    return 10 * float(np.log10(power / noise)) if noise < cap * power else -CAP


SNR = Measure(
    "snr",
    _ratio,
    about="power of the signal over that of all that is wrong with it",
    unit="dB",
    direction="up",
    range=(-CAP, CAP),
    default=False,
    digits=1,
)
SEGMENTAL_SNR = Measure(
    "segmental_snr",
    _segmental_ratio,
    about="mean of the signal-to-noise ratios of 32 ms frames, Hansen and Pellom 1998",
    unit="dB",
    direction="up",
    range=(LEAST, MOST),
    shortest=SEGMENT,
    default=False,
    digits=1,
)
SI_SDR = Measure(
    "si_sdr",
    _centred_ratio,
    about="likeness of the waveform up to a gain, Le Roux et al. 2019",
    unit="dB",
    direction="up",
    range=(-CAP, CAP),
    default=False,
    digits=1,
)
