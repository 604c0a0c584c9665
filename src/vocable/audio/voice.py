"""Hold a recording of somebody's voice, as a model is shown it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import AudioError
from .value import Audio

_log = logging.getLogger("vocable")
SHORTEST, LONGEST = 1.0, 30.0  # seconds
_LOWEST = 16_000  # Hz: below, half of what tells voices apart is missing
_SILENT = 10 ** (-60 / 20)
_QUIET, _USUAL = 10 ** (-40 / 20), 10 ** (-23 / 20)  # root of the mean square
_FULL, _CLIPPED = 0.999, 0.005  # of full scale; share of samples that may reach it


@dataclass(frozen=True, eq=False)
class Voice:
    """A recording of one speaker, `[1, samples]`, and what is said in it, where that is known."""

    audio: Audio
    text: str = ""

    @classmethod
    def from_recording(cls, source: Any, text: str = "") -> Voice:
        """Return the voice in a recording: whatever `Audio.read` takes.

        Channels are averaged, what lies behind 30 s is left out, and a quiet recording is made
        louder, each with a warning. AudioError for less than a second, silence, clipping, and rates
        under 16 kHz: a model would learn these too.
        """
        audio = Audio.read(source)
        if audio.rate < _LOWEST:
            raise AudioError(
                f"the voice is recorded at {audio.rate} Hz; give a recording of {_LOWEST} or more"
            )
        if audio.seconds < SHORTEST:
            raise AudioError(
                f"the voice is heard for {audio.seconds:.2f} s; give {SHORTEST:g} s or more"
            )
        samples = _one_channel(audio.samples)
        if audio.seconds > LONGEST:
            _log.warning("the voice is taken from the first %g of %.0f s", LONGEST, audio.seconds)
            samples = samples[:, : round(LONGEST * audio.rate)]
        return cls(Audio(_levelled(samples), audio.rate), text.strip())


def _one_channel(samples: np.ndarray) -> np.ndarray:
    if len(samples) > 1:
        _log.warning("the %d channels of the voice are averaged", len(samples))
    averaged: np.ndarray = samples.mean(0, keepdims=True)
    return averaged


def _levelled(samples: np.ndarray) -> np.ndarray:
    """Return samples at a usual loudness, where they are quiet."""
    loudness = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    if loudness < _SILENT:
        raise AudioError("the recording of the voice is silent; give one in which somebody speaks")
    if (share := float((np.abs(samples) >= _FULL).mean())) > _CLIPPED:
        raise AudioError(
            f"{100 * share:.0f} % of the samples of the voice are clipped; record it more quietly"
        )
    if loudness >= _QUIET:
        return samples
    _log.warning("the voice is quiet (%.0f dB) and is made louder", 20 * np.log10(loudness))
    gain = min(_USUAL / loudness, _FULL / float(np.abs(samples).max()))
    return (samples * np.float32(gain)).astype(np.float32)
