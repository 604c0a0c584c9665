"""Codec2, the vocoder of radio amateurs, by its commands c2enc and c2dec."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int16

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import commands
from vocable.evaluate.systems.controls import back_from
from vocable.evaluate.systems.system import Made, Make

COMMANDS = ("c2enc", "c2dec")
MODES = (3200, 2400, 1600, 1400, 1300, 1200)  # bit/s, as c2enc calls them
RATE = 8000  # Hz
# Samples at 8 kHz by which c2dec's output is late: where the correlation of envelopes is largest,
# and STOI too, in each mode.
DELAY = 160
FRAME = 320  # samples, in the longest frames: c2enc leaves the last out where it is not full
_FULL_SCALE = 32768


@dataclass(frozen=True)
class Codec2:
    """Codec2 at `mode` bit/s, which it calls its mode: at 8 kHz, one channel at a time.

    Bits are those of the mode. Its files are larger, since c2enc pads each frame to whole bytes:
    1400 bit/s for mode 1300.
    """

    mode: int

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise MeasureError(
                f"Codec2 has the modes {', '.join(map(str, MODES))}; not {self.mode}"
            )

    @property
    def name(self) -> str:
        """Codec2 and its mode."""
        return f"Codec2 {self.mode}"

    @property
    def family(self) -> str:
        """All of them."""
        return "Codec2"

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the mode, and a hash of what the commands make of a fixed sound.

        They do not state their version.
        """
        return {"codec2": self.mode, "makes": _fingerprint(self.mode)}

    def open(self) -> Make:
        """Return what codes a recording."""
        return self._make

    def _make(self, recording: Recording) -> Made:
        audio = recording.audio
        narrow = audio.resample(RATE)
        rows = [_coded(as_int16(channel), self.mode) for channel in narrow.samples]
        decoded = Audio(np.stack(rows), RATE)
        return Made(back_from(decoded, audio), self.mode * audio.channels * audio.seconds)


def as_int16(samples: np.ndarray) -> Int16[np.ndarray, " samples"]:
    """Return 16 bits, rounded; beyond ±1 it clips."""
    scaled: np.ndarray = np.round(samples * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE - 1)
    return scaled.astype(np.int16)


def missing() -> bool:
    """Return whether one of the commands is not here."""
    return not all(map(shutil.which, COMMANDS))


def _coded(samples: Int16[np.ndarray, " samples"], mode: int) -> Int16[np.ndarray, " samples"]:
    """Return what comes back, without the delay."""
    with tempfile.TemporaryDirectory() as folder:
        raw, bits, out = (Path(folder, name) for name in ("in.raw", "bits", "out.raw"))
        # Silence after the last sample, so that nothing of the recording is cut off.
        np.pad(samples, (0, DELAY + FRAME)).astype("<i2").tofile(raw)
        commands.run(["c2enc", str(mode), str(raw), str(bits)])
        commands.run(["c2dec", str(mode), str(bits), str(out)])
        decoded = np.fromfile(out, "<i2").astype(np.int16)
        return decoded[DELAY : DELAY + samples.size]


@cache
def _fingerprint(mode: int) -> str:
    """Return a hash of pulses at 100 Hz in noise, half a second of them, coded and decoded."""
    sound = np.random.default_rng(0).normal(0, 300, RATE // 2)
    sound[:: RATE // 100] += 8000
    return hashlib.sha256(_coded(sound.astype(np.int16), mode).tobytes()).hexdigest()[:16]
