"""Say what a recording holds: whether it sounds like speech, and where its band ends.

Speech is told from music and noises by what a mouth does: vowels whose pitch glides, between
consonants that are brighter and have no pitch, at a few syllables a second. Only the band of a
telephone is looked at, so that recordings of any rate are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, Float32

from vocable.measures.checks import SILENCE, Signal, check_rate, check_signal

MIN_RATE = 8000  # Hz
SHORTEST = 1.0  # seconds: less than a few syllables says nothing
FRAME = 0.032  # seconds, side by side
BANDS = (100.0, 400.0, 800.0, 1500.0, 2500.0, 4000.0)  # Hz, their edges
_PITCH = (70.0, 400.0)  # Hz
_VOICED = 0.35  # of the autocorrelation at lag 0
_GLIDE = (0.01, 0.15)  # octaves between two frames: less is a held note, more a jump
_SYLLABLES = (1.5, 6.0)  # a second
_QUIET, _FLOOR = 1e-3, 1e-5  # of a loud frame's power: where a frame counts, what is not told apart
# A logistic fit to train sets of speech (clean, at 10 and 20 dB over noise, of telephones), music
# and noises: per dB, per share, per dB, per share. benchmarks/content.py counts its errors.
_WEIGHTS, _LEAST = (0.24, 9.0, 0.28, 7.0), 7.8
_EDGE = 1e-6  # -60 dB of the loudest frequency: below it there is no content


@dataclass(frozen=True)
class Content:
    """What a recording holds."""

    speech: bool | None  # whether it sounds like speech; None where there is too little to say
    band_end: float | None  # Hz: all above is 60 dB below the loudest; None for silence


def describe_content(samples: Signal, rate: int) -> Content:
    """Return what one channel `[samples]` holds; MeasureError below 8 kHz.

    Under a second, and of silence, `speech` is None.
    """
    check_signal(samples)
    check_rate("what a recording holds", rate, least=MIN_RATE)
    size = 2 * round(FRAME * rate / 2)
    frames = samples[: samples.size // size * size].reshape(-1, size).astype(np.float32)
    spectra = np.fft.rfft(frames * _window(size))
    powers = np.square(spectra.real) + np.square(spectra.imag)
    mean = powers.sum(axis=0) / max(1, len(powers))
    if mean.sum() < SILENCE * size**2 / 4:
        return Content(None, None)
    speech = _is_speech(powers, rate) if samples.size >= SHORTEST * rate else None
    return Content(speech, band_end(mean, rate / size))


def band_end(power: Float[np.ndarray, " bins"], width: float) -> float | None:
    """Return the frequency in Hz above which all is 60 dB below the loudest; None for silence.

    power: of a whole recording, in bins of `width` Hz from 0 on.
    """
    bins = np.flatnonzero(power >= _EDGE * max(power.max(), 1e-12))
    return float(bins[-1]) * width if bins.size else None


@lru_cache(maxsize=8)
def _window(size: int) -> Float32[np.ndarray, " size"]:
    return np.hanning(size + 1)[:-1].astype(np.float32)


def _is_speech(powers: Float[np.ndarray, "frames bins"], rate: int) -> bool:
    hertz = np.fft.rfftfreq(2 * powers.shape[1] - 2, 1 / rate)
    edges = np.minimum(np.searchsorted(hertz, BANDS), powers.shape[1])
    bands = np.add.reduceat(powers[:, : edges[-1]], edges[:-1], axis=1)
    whole = bands.sum(axis=1)
    loud = np.sort(whole)[int(0.95 * (len(whole) - 1))] + 1e-12
    audible = whole > _QUIET * loud
    levels = 10 * np.log10(bands + _FLOOR * loud)
    brightness = levels[:, 4] - levels[:, :2].mean(axis=1)
    octaves, voiced = _pitch(powers, hertz, rate)
    voiced &= audible
    steps, pairs = np.abs(np.diff(octaves)), voiced[1:] & voiced[:-1]
    facts = (
        float(brightness[audible].std()),
        float((pairs & (steps > _GLIDE[0]) & (steps < _GLIDE[1])).sum() / audible.sum()),
        _difference(brightness, audible & ~voiced, voiced),
        _syllabic(levels),
    )
    return float(np.dot(_WEIGHTS, facts)) >= _LEAST


def _pitch(
    powers: Float[np.ndarray, "frames bins"], hertz: Float[np.ndarray, " bins"], rate: int
) -> tuple[Float[np.ndarray, " frames"], Bool[np.ndarray, " frames"]]:
    """Return the pitch of each frame in octaves, and whether it has one.

    As in `signal.pitch`, at a fraction of its cost: one window a frame, whole samples of lag.
    """
    fade = np.clip((hertz - 50) / 40, 0, 1) * np.clip((2000 - hertz) / 800, 0, 1)
    correlation = np.fft.irfft(powers * fade.astype(np.float32))
    first, last = (int(rate / hz) for hz in reversed(_PITCH))
    lags = correlation[:, first:last]
    best = lags.argmax(axis=1)
    peak = np.take_along_axis(lags, best[:, None], axis=1)[:, 0]
    return -np.log2(best + first), peak > _VOICED * correlation[:, 0] + 1e-12


def _difference(
    values: Float[np.ndarray, " frames"], a: Bool[np.ndarray, " _"], b: Bool[np.ndarray, " _"]
) -> float:
    """Return how much higher the mean is over a than over b; 0 where either is empty."""
    return float(values[a].mean() - values[b].mean()) if a.any() and b.any() else 0.0


def _syllabic(levels: Float[np.ndarray, "frames bands"]) -> float:
    """Return the share of the changes of level that come at the pace of syllables."""
    shaped = (levels - levels.mean(axis=0)) * np.hanning(len(levels))[:, None]
    power = np.square(np.abs(np.fft.rfft(shaped, axis=0))).sum(axis=1)
    pace = np.fft.rfftfreq(len(levels), FRAME)
    own = (pace >= _SYLLABLES[0]) & (pace < _SYLLABLES[1])
    return float(power[own].sum() / (power[pace >= 0.4].sum() + 1e-9))
