"""Find out when somebody speaks: for each frame of 32 ms, how likely that is.

`silero` is a small network that passes over music and noise. faster-whisper carries it, so whoever
has Whisper has it. `energy` tells loud from quiet, for quiet rooms and machines with nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float32

from vocable.errors import MeasureError
from vocable.measures.checks import import_package, named
from vocable.speak.prepare.settings import RATE

FRAME = 512  # samples at 16 kHz: 32 ms

Activity: TypeAlias = Callable[[Float32[np.ndarray, " samples"]], Float[np.ndarray, " frames"]]
"""`activity(samples)`: for whole frames of samples at 16 kHz the probability of speech, 0 to 1."""

_RANGE = 40.0  # dB below the loudest frames, where speech ends at the latest
_LEAST = 6.0  # dB over the quiet frames: what never pauses does not speak
_SILENT = -70.0  # dB of full scale
_ABOVE = 0.35  # of the way from the quiet frames to the loud ones, in dB


class Silero:
    """Silero VAD 6, out of faster-whisper: `pip install "vocable[prepare]"`."""

    def __init__(self) -> None:
        package = import_package("faster_whisper.vad", "silero", "vocable[prepare]")
        self._model = package.get_vad_model()

    def __call__(self, samples: Float32[np.ndarray, " samples"]) -> Float[np.ndarray, " frames"]:
        found = np.asarray(self._model(samples.copy()))  # it zeroes the end of what it gets
        return found.ravel()


def energy(samples: Float32[np.ndarray, " samples"]) -> Float[np.ndarray, " frames"]:
    """Return 1 for frames that are nearer to the loud ones than to the quiet ones, in dB."""
    powers: np.ndarray = np.square(samples.reshape(-1, FRAME), dtype=np.float64).mean(axis=1)
    levels = 10 * np.log10(powers + 1e-12)
    quiet, loud = (float(each) for each in np.percentile(levels, (10, 95)))
    quiet = max(quiet, loud - _RANGE)
    least = quiet + max(_ABOVE * (loud - quiet), _LEAST)
    speaks: np.ndarray = np.asarray(levels > max(least, _SILENT), np.float64)
    return speaks


ACTIVITIES: dict[str, Callable[[], Activity]] = {"silero": Silero, "energy": lambda: energy}


@cache
def load_activity(name: str) -> Activity:
    """Return what finds speech, by its name, loaded once. MeasureError for another name."""
    return named(ACTIVITIES, name, "voice activity")()


def probabilities(
    activity: Activity, samples: Float32[np.ndarray, " samples"], before: int
) -> Float[np.ndarray, " frames"]:
    """Return the probabilities of samples, the last frame filled up with silence.

    before: frames at the start that are only there for the network to have heard them.
    """
    found = activity(np.pad(samples, (0, -samples.size % FRAME)))
    if not np.isfinite(found).all():
        raise MeasureError("voice activity must be finite, one number a frame of 32 ms")
    return found[before:]


SECONDS = FRAME / RATE  # of a frame
