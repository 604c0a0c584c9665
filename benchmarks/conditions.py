"""Make the inputs that a voice codec meets outside a studio: other levels, a telephone, company.

Each condition turns clean speech [samples] at 16 kHz into what the codec is given instead, of the
same length; noise is drawn by the clip's number, so that every system and every run gets the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import soxr

from benchmarks.clips import Clip

RATE = 16000
LEVELS = (-36, -30, -24, -18, -12, -6, 0)  # dB of full scale, of the largest sample
NOISE_RATIOS = (20, 10, 0)  # dB of speech over noise
BABBLE = 6  # voices
REVERBERATION = 0.5  # seconds in which it falls by 60 dB
BAND = (300.0, 3400.0)  # Hz of a telephone line
SILENCE = 3.0  # seconds


@dataclass(frozen=True)
class Scene:
    """A clip's samples, its number among all clips, and clips of other speakers."""

    x: np.ndarray
    number: int = 0
    others: Sequence[Clip] = ()

    def hiss(self, size: int) -> np.ndarray:
        """Return white noise that is this clip's own."""
        return np.random.default_rng(self.number).standard_normal(size)

    def voices(self, count: int) -> list[np.ndarray]:
        """Return what others say, equally loud, each repeated to the clip's length."""
        if not self.others:
            raise SystemExit("company of other voices needs clips of a second speaker")
        chosen = [self.others[n % len(self.others)] for n in range(count)]
        read = [np.resize(clip.read(RATE), self.x.size).astype(np.float64) for clip in chosen]
        return [voice / max(_rms(voice), 1e-9) for voice in read]


Condition = Callable[[Scene], np.ndarray]


def clean(scene: Scene) -> np.ndarray:
    """Return the clip as it is."""
    return scene.x


def at_level(scene: Scene, level: float) -> np.ndarray:
    """Return the clip with its largest sample at `level` dB of full scale.

    Peak and not rms, because speech whose rms is at full scale would be clipped.
    """
    return scene.x * (10 ** (level / 20) / max(np.abs(scene.x).max(), 1e-9))


def from_8_khz(scene: Scene) -> np.ndarray:
    """Return the clip as a recording of 8 kHz has it."""
    narrow = soxr.resample(scene.x, RATE, RATE // 2, "VHQ")
    back = soxr.resample(narrow, RATE // 2, RATE, "VHQ")[: scene.x.size]
    return np.pad(back, (0, scene.x.size - back.size))


def of_a_line(scene: Scene) -> np.ndarray:
    """Return the clip between 300 and 3400 Hz, without delay: 6 dB down there, flat inside."""
    spectrum = np.fft.rfft(scene.x, 2 * scene.x.size)
    hz = np.fft.rfftfreq(2 * scene.x.size, 1 / RATE)
    low, high = BAND
    passed = 1 / (1 + np.exp(-(hz - low) / 15)) / (1 + np.exp((hz - high) / 40))
    return np.fft.irfft(spectrum * passed, 2 * scene.x.size)[: scene.x.size]


def in_hiss(scene: Scene, ratio: float) -> np.ndarray:
    """Return the clip in white noise, `ratio` dB below it."""
    return _mixed(scene.x, scene.hiss(scene.x.size), ratio)


def in_babble(scene: Scene, ratio: float) -> np.ndarray:
    """Return the clip among six other voices, together `ratio` dB below it."""
    return _mixed(scene.x, np.sum(scene.voices(BABBLE), axis=0), ratio)


def in_a_room(scene: Scene) -> np.ndarray:
    """Return the clip with reverberation as strong as itself: white noise that dies away."""
    times = np.arange(round(1.5 * REVERBERATION * RATE)) / RATE
    tail = scene.hiss(times.size) * 10 ** (-3 * times / REVERBERATION)
    tail[0] = 0
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] = 1  # the direct way
    size = scene.x.size + tail.size
    heard = np.fft.irfft(np.fft.rfft(scene.x, size) * np.fft.rfft(tail, size), size)
    return _bounded(heard[: scene.x.size])


def with_another(scene: Scene) -> np.ndarray:
    """Return the clip with a second voice, equally loud."""
    return _mixed(scene.x, scene.voices(1)[0], 0)


LEVEL: dict[str, Condition] = {f"{n} dB": partial(at_level, level=n) for n in LEVELS}
TELEPHONE: dict[str, Condition] = {"from 8 kHz": from_8_khz, "300 to 3400 Hz": of_a_line}
COMPANY: dict[str, Condition] = {
    **{f"white noise, {n} dB": partial(in_hiss, ratio=n) for n in NOISE_RATIOS},
    **{f"babble, {n} dB": partial(in_babble, ratio=n) for n in NOISE_RATIOS},
    "reverberation, 0.5 s": in_a_room,
    "two voices": with_another,
}
CONDITIONS: dict[str, Condition] = {"clean": clean, **LEVEL, **TELEPHONE, **COMPANY}


def _mixed(x: np.ndarray, company: np.ndarray, ratio: float) -> np.ndarray:
    gain = _rms(x) / max(_rms(company), 1e-9) / 10 ** (ratio / 20)
    return _bounded(x + gain * company)


def _bounded(x: np.ndarray) -> np.ndarray:
    """Return samples that a recording could hold: made quieter where they pass full scale."""
    return x / max(1.0, float(np.abs(x).max()))


def _rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2)))
