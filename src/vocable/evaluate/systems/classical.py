"""Opus and MP3, the codecs that new ones are held against, by way of PyAV.

Both get the rate as it is asked for; neither meets it on a short recording, so the bits that count
are those of the packets. Beside the programs opusenc (libopus 1.3.1) and lame (3.100), PyAV 18.1
does about as well: PESQ-WB of speech (4 clips) 2.56 and 2.56 (Opus 6), 4.06 and 4.08 (Opus 12),
2.49 and 2.45 (MP3 16); ViSQOL of music and sounds (8 clips) 2.51 and 2.41 (Opus 12), 4.26 and 4.21
(Opus 24), 2.68 and 2.67 (MP3 36); bits within 3 %, but 9 % less for Opus 12 of music. LAME makes
all 0.4 dB softer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vocable.audio import Audio
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import av_coding
from vocable.evaluate.systems.av_coding import AvCoder
from vocable.evaluate.systems.controls import back_from
from vocable.evaluate.systems.system import Made, Make

OPUS_RATE = 48000  # Hz
# Frames of 40 ms, like those of neural codecs: frames of 20 ms cost 0.1 PESQ-WB at 6 kbit/s.
_SPEECH = AvCoder("libopus", "libopus", "flt", {"application": "audio", "frame_duration": "40"})
# The application for music: by "audio" it has 0.45 ViSQOL less at 12 kbit/s and 0.13 less at 24,
# with libopus 1.6.1, and comes two samples early. FFmpeg has no way to say "music".
_SOUND = AvCoder("libopus", "libopus", "flt", {"application": "lowdelay", "frame_duration": "20"})
_MP3 = AvCoder("libmp3lame", "mp3float", "fltp", {"abr": "1"})
MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz
# kbit/s of one channel from which on the program lame codes at this rate.
_LAME_CHOICE = ((0, 8000), (12, 16000), (28, 22050), (36, 24000), (48, 32000), (64, 48000))


@dataclass(frozen=True)
class Opus:
    """Opus (RFC 6716) at `kbps` kbit/s, variable rate, at 48 kHz.

    speech   whether it is set for speech, or for any other sound
    """

    kbps: int
    speech: bool

    @property
    def name(self) -> str:
        """Opus and its rate."""
        return f"Opus {self.kbps}"

    @property
    def family(self) -> str:
        """All of one setting."""
        return "Opus"

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the settings, and what codes."""
        coder = _SPEECH if self.speech else _SOUND
        return {"kbps": self.kbps, **_identity(coder)}

    def open(self) -> Make:
        """Return what codes a recording."""
        return self._make

    def _make(self, recording: Recording) -> Made:
        coder = _SPEECH if self.speech else _SOUND
        return _coded(coder, recording.audio, OPUS_RATE, self.kbps)


@dataclass(frozen=True)
class Mp3:
    """MP3 (MPEG layer III, by LAME) at `kbps` kbit/s on average, at the rate that lame takes."""

    kbps: int

    @property
    def name(self) -> str:
        """MP3 and its rate."""
        return f"MP3 {self.kbps}"

    @property
    def family(self) -> str:
        """All of them."""
        return "MP3"

    def identity(self, recording: str) -> Mapping[str, Any]:
        """Return the settings, and what codes."""
        return {"kbps": self.kbps, **_identity(_MP3)}

    def open(self) -> Make:
        """Return what codes a recording."""
        return self._make

    def _make(self, recording: Recording) -> Made:
        audio = recording.audio
        rate = mpeg_rate(self.kbps / audio.channels, audio.rate)
        return _coded(_MP3, audio, rate, self.kbps)


def mpeg_rate(kbps: float, rate: int) -> int:
    """Return the rate in Hz at which a channel of `rate` Hz is coded with so many kbit/s."""
    chosen = max(each for least, each in _LAME_CHOICE if kbps >= least)
    enough = min((each for each in MPEG_RATES if each >= rate), default=MPEG_RATES[-1])
    return min(chosen, enough)


def _coded(coder: AvCoder, audio: Audio, rate: int, kbps: int) -> Made:
    decoded, bits = coder.code(audio.resample(rate), 1000 * kbps)
    return Made(back_from(decoded, audio), float(bits))


def _identity(coder: AvCoder) -> dict[str, Any]:
    return {"encoder": coder.encoder, **coder.options, **av_coding.version()}
