"""What codecs are judged beside, that codes nothing: known good, and known bad in a known way.

original          the recording as it is: the best that a measure can say
resampled 24 kHz  to 24 kHz, the rate of most published codecs, and back: what they cannot exceed,
                  and, for recordings of up to 24 kHz, whether a measure minds resampling at all
low-pass 3.5 kHz  the low anchor of MUSHRA (ITU-R BS.1534-3, 5.1)
µ-law 8 kHz       the telephone (ITU-T G.711): 8 bits a sample at 8 kHz, 64 kbit/s a channel

All keep the recording's rate, channels and exact length, have linear phase, and delay nothing.
"""

from __future__ import annotations

import importlib.metadata
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float32

from vocable.audio import Audio
from vocable.evaluate.low_pass import low_pass
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems.system import CONTROL, ORIGINAL, Made, Make

RESAMPLED = 24000  # Hz
TELEPHONE = 8000  # Hz
PASSED = 3500  # Hz

Samples = Float32[np.ndarray, "channels samples"]


@dataclass(frozen=True)
class Control:
    """Something done to recordings by a function of this module, which `version` counts.

    kbps   of one channel, where it is known
    by     the library that does it; none where nothing is done
    """

    name: str
    change: Callable[[Audio], Audio]
    kbps: float | None = None
    by: str = ""
    version: int = 1

    @property
    def family(self) -> str:
        """That of all controls."""
        return CONTROL

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return what is done, and by which version of which library."""
        library = {self.by: importlib.metadata.version(self.by)} if self.by else {}
        return {"control": self.name, "version": self.version, **library}

    def open(self) -> Make:
        """Return what changes a recording."""
        return self._make

    def _make(self, recording: Recording) -> Made:
        audio = recording.audio
        bits = None if self.kbps is None else 1000 * self.kbps * audio.channels * audio.seconds
        return Made(self.change(audio), bits)


def controls() -> list[Control]:
    """Return all controls, the original first."""
    return [
        Control(ORIGINAL, keep),
        Control("resampled 24 kHz", resample_twice, by="soxr"),
        Control("low-pass 3.5 kHz", below_3500, by="numpy"),
        Control("µ-law 8 kHz", telephone, kbps=8 * TELEPHONE / 1000, by="soundfile"),
    ]


def keep(audio: Audio) -> Audio:
    """Return the recording as it is."""
    return audio


def resample_twice(audio: Audio) -> Audio:
    """Return the recording after a stay at 24 kHz; one that has this rate stays as it is."""
    return back_from(audio.resample(RESAMPLED), audio)


def below_3500(audio: Audio) -> Audio:
    """Return what is below 3.5 kHz; one of less than 8 kHz stays as it is."""
    return low_pass(audio, PASSED)


def telephone(audio: Audio) -> Audio:
    """Return the recording after a stay at 8 kHz in 8 bits of µ-law; beyond ±1 it clips."""
    narrow = audio.resample(TELEPHONE)
    return back_from(Audio(mu_law(narrow.samples), TELEPHONE), audio)


def mu_law(samples: Samples) -> Samples:
    """Return what is left of samples after coding by G.711's µ-law, as libsndfile has it."""
    file = io.BytesIO()
    kind: dict[str, Any] = {"format": "RAW", "subtype": "ULAW"}
    soundfile.write(file, np.clip(samples, -1, 1).T, TELEPHONE, **kind)
    file.seek(0)
    decoded, _ = soundfile.read(
        file, samplerate=TELEPHONE, channels=len(samples), dtype="float32", always_2d=True, **kind
    )
    return np.ascontiguousarray(decoded.T)


def back_from(changed: Audio, like: Audio) -> Audio:
    """Return what was made of a recording at another rate, at its rate and of its exact length."""
    resampled = changed.resample(like.rate).samples[:, : len(like)]
    missing = len(like) - resampled.shape[1]
    whole = np.pad(resampled, ((0, 0), (0, missing)))
    return Audio(whole, like.rate, allow_loud=True)
