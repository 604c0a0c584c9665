"""Compare the spectral envelopes of speech: mel-cepstral distortion."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from vocable.measures.checks import Samples, Signal, check_full_scale, import_package
from vocable.measures.kept import keep
from vocable.measures.measure import Measure
from vocable.measures.registry import score

Cepstra = Float64[np.ndarray, "frames coefficients"]

RATE = 16000  # Hz
ORDER = 24  # coefficients after the zeroth
WARPING = 0.41  # of the frequency axis, which makes it near mel at 16 kHz
FRAME, FFT = 5.0, 1024  # ms between frames; samples
PITCHES = (40.0, 800.0)  # Hz in which WORLD looks for the pitch that its windows follow
SCALE = 10 * math.sqrt(2) / math.log(10)  # dB


def mcd(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return mel-cepstral distortion in dB: √2 · 10 / ln 10 · mean over frames of |Δ cepstrum|.

    Takes speech [samples] of one length at 16 kHz, frame against frame: no time warping, which
    would hide faults of timing. Envelopes of WORLD (CheapTrick after Harvest, 40 to 800 Hz, every
    5 ms, FFT of 1024); mel-cepstra of order 24 with warping 0.41; the zeroth, which is the level,
    does not count. Other envelopes, orders and warpings give other values, and MFCCs ones of
    another size. Takes a fifth of the recording's length. Kubichek 1993; package pyworld.
    """
    return score(MCD, reference, degraded, rate)


def _mcd(x: Samples, y: Samples, rate: int) -> float:
    check_full_scale(x, y)
    difference = mel_cepstra(x) - mel_cepstra(y)
    return float(SCALE * np.sqrt(np.square(difference[:, 1:]).sum(axis=1)).mean())


@keep
def mel_cepstra(samples: Samples) -> Cepstra:
    """Return the mel-cepstra of speech `[samples]` at 16 kHz, coefficients 0 to 24."""
    world = import_package("pyworld", "mcd", "vocable[eval]")
    pitch, times = world.harvest(samples, RATE, *PITCHES, FRAME)
    power = world.cheaptrick(samples, pitch, times, RATE, fft_size=FFT)
    cepstra = np.fft.irfft(np.log(power), axis=1)[:, : FFT // 2 + 1]
    cepstra[:, 0] /= 2
    warped: Cepstra = cepstra @ warping_matrix(FFT // 2 + 1, ORDER + 1, WARPING)
    return warped


@lru_cache(maxsize=2)
def warping_matrix(size: int, kept: int, warping: float) -> Float64[np.ndarray, "size kept"]:
    """Return what takes a cepstrum of so many coefficients to that on a warped frequency axis.

    Row n has the first terms of the power series of ((z + a) / (1 + a z))^n. Oppenheim and Johnson
    1972.
    """
    matrix = np.zeros((size, kept))
    matrix[0, 0] = 1.0
    for n in range(1, size):
        shifted = warping * matrix[n - 1]
        shifted[1:] += matrix[n - 1, :-1]
        for m in range(1, kept):  # over 1 + a z
            shifted[m] -= warping * shifted[m - 1]
        matrix[n] = shifted
    matrix.setflags(write=False)
    return matrix


MCD = Measure(
    "mcd",
    _mcd,
    about="mel-cepstral distortion of speech, without time warping, Kubichek 1993",
    unit="dB",
    direction="down",
    range=(0.0, math.inf),
    needs="eval",
    package="pyworld",
    version="WORLD, order 24, warping 0.41, no c0",
    rate=RATE,
    shortest=0.1,
    longest=300.0,
    default=False,
    digits=2,
)
