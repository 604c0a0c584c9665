"""Code any sound with the commands that ours is compared with: LAME's MP3 and Opus, at 48 kHz.

Debian: `apt-get install lame opus-tools ffmpeg`. Both get 16-bit files and an average rate. Since
neither meets it on a short clip, the request is corrected once by what came out; the table prints
what was written, of Opus without the pages around its packets.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.peers import packet_bytes
from vocable.measures import delay

RATE = 48000
LATE = 3000  # samples by which a decoder may be late, and then is aligned before it is scored
LEAST = {"mp3": 8.0, "opus": 6.0}  # kbit/s that the commands accept


@dataclass(frozen=True)
class Peer:
    """One of the two at `kbps` kbit/s."""

    kind: str  # "mp3" or "opus"
    kbps: float

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Return samples of x's length at 48 kHz, and the bits per second."""
        run = {"mp3": _mp3, "opus": _opus}[self.kind]
        y, written = _once(run, x, max(LEAST[self.kind], self.kbps))
        request = self.kbps * self.kbps * 1000 / written
        if abs(written / 1000 - self.kbps) > 0.03 * self.kbps and request >= LEAST[self.kind]:
            corrected = _once(run, x, request)
            if abs(corrected[1] / 1000 - self.kbps) < abs(written / 1000 - self.kbps):
                y, written = corrected
        return y, written


def missing() -> list[str]:
    """Return the commands that are not installed."""
    return [name for name in ("lame", "ffmpeg", "opusenc", "opusdec") if not shutil.which(name)]


Coder = Callable[[Path, float], tuple[Path, float]]  # a folder with in.wav: out.wav, and bytes


def _once(run: Coder, x: np.ndarray, kbps: float) -> tuple[np.ndarray, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soundfile.write(folder / "in.wav", x, RATE, "PCM_16")
        out, size = run(folder, kbps)
        y = soundfile.read(out, always_2d=True)[0][:, 0]
    y = np.pad(y, (0, max(0, x.size - y.size)))
    late = delay(x, y[: x.size], min(LATE, x.size - 1)) if y.any() else 0
    y = np.pad(y, (max(0, -late), max(0, late)))[max(0, late) :]
    return y[: x.size], size * 8 / (x.size / RATE)


def _mp3(folder: Path, kbps: float) -> tuple[Path, float]:
    _call(folder, "lame", "--quiet", "-m", "m", "--abr", f"{kbps:.0f}", "in.wav", "x.mp3")
    _call(folder, "ffmpeg", "-v", "error", "-i", "x.mp3", "-ar", str(RATE), "out.wav")
    return folder / "out.wav", (folder / "x.mp3").stat().st_size


def _opus(folder: Path, kbps: float) -> tuple[Path, float]:
    _call(folder, "opusenc", "--quiet", "--bitrate", f"{kbps:.3f}", "in.wav", "x.opus")
    _call(folder, "opusdec", "--quiet", "--no-dither", "--rate", str(RATE), "x.opus", "out.wav")
    return folder / "out.wav", packet_bytes((folder / "x.opus").read_bytes())


def _call(folder: Path, *command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
