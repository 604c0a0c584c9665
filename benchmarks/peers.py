"""Code speech with the codecs that ours is compared with, by their own commands.

Debian: `apt-get install codec2 opus-tools`. Samples go through temporary files of 16 bits, as a
user of those commands would pass them.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE = 16000
CODEC2_RATE = 8000
# Samples at 8 kHz by which c2dec's output is late: where the correlation of envelopes is largest,
# and STOI too, in both modes. opusdec removes the delay of Opus itself.
CODEC2_DELAY = 160


@dataclass(frozen=True)
class Codec2:
    """Codec2 at `mode` bit/s: a vocoder at 8 kHz, so it is resampled both ways."""

    mode: str

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Return 16 kHz samples of x's length and the bits per second.

        Its files are larger, since c2enc pads each frame to whole bytes: 1400 bit/s for mode 1300.
        """
        narrow = soxr.resample(x, RATE, CODEC2_RATE, "VHQ")
        with tempfile.TemporaryDirectory() as folder:
            raw, bits, out = (str(Path(folder, name)) for name in ("in.raw", "bits", "out.raw"))
            # Silence after the last sample, so that the delay cuts off nothing of the clip.
            _to_int16(np.pad(narrow, (0, CODEC2_DELAY))).tofile(raw)
            _run("c2enc", self.mode, raw, bits)
            _run("c2dec", self.mode, bits, out)
            decoded = np.fromfile(out, np.int16)[CODEC2_DELAY:] / 32768
        return _fit(soxr.resample(decoded, CODEC2_RATE, RATE, "VHQ"), x.size), float(self.mode)


@dataclass(frozen=True)
class Opus:
    """Opus at `kbps` kbit/s for speech, in frames of 40 ms like ours; the rate counts packets only.

    Frames of 20 ms, the default of opusenc, score less (by 0.1 PESQ-WB at 6 kbit/s).
    """

    kbps: int

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, float]:
        """Return 16 kHz samples of x's length and the bits per second of the packets."""
        with tempfile.TemporaryDirectory() as folder:
            wav, opus, out = (str(Path(folder, name)) for name in ("in.wav", "x.opus", "out.wav"))
            soundfile.write(wav, x, RATE, "PCM_16")
            rate = ("--bitrate", str(self.kbps), "--framesize", "40")
            _run("opusenc", "--quiet", "--speech", *rate, wav, opus)
            _run("opusdec", "--quiet", "--no-dither", "--rate", str(RATE), opus, out)
            decoded, _ = soundfile.read(out)
            written = packet_bytes(Path(opus).read_bytes()) * 8 / (x.size / RATE)
        return _fit(decoded, x.size), written


def packet_bytes(ogg: bytes) -> int:
    """Return the bytes of the audio packets in an Ogg Opus stream, without pages and headers."""
    at, total, headers = 0, 0, 2
    while at < len(ogg):
        table = ogg[at + 27 : at + 27 + ogg[at + 26]]
        if headers:  # OpusHead and OpusTags each end on a page of their own
            headers -= sum(length < 255 for length in table)
        else:
            total += sum(table)
        at += 27 + len(table) + sum(table)
    return total


def missing() -> list[str]:
    """Return the commands that are not installed."""
    return [name for name in ("c2enc", "c2dec", "opusenc", "opusdec") if not shutil.which(name)]


def _to_int16(x: np.ndarray) -> np.ndarray:
    return np.round(np.clip(x, -1, 32767 / 32768) * 32768).astype(np.int16)


def _fit(x: np.ndarray, size: int) -> np.ndarray:
    return np.pad(x[:size], (0, max(0, size - x.size)))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
