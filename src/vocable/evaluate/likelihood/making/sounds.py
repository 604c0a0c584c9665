"""Cut and join sounds, `[samples]` of one channel, where nobody speaks, and as loud as others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Shaped

from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError

HOP = 0.01  # seconds from one level to the next
LEVEL = -26.0  # dB of full scale that what is spoken has, as in ITU-T P.830
QUIET = 25.0  # dB below what is spoken, where nobody speaks
FADE = 0.005  # seconds at each end of a piece
SHORTEST = 1.0  # seconds that are cut into halves, at least
LAST = 0.7  # of the longest a recording may be: behind this it ends, at a quiet place

Sound = Float64[np.ndarray, "_"]  # samples; those of one call differ in length


def read_sounds(clips: Sequence[Clip], seconds: float) -> tuple[list[Sound], int]:
    """Return recordings at the lowest of their rates, each as loud as LEVEL, of at most `seconds`.

    MeasureError for a silent one, AudioError for one that cannot be read.
    """
    audios = [clip.read().mono() for clip in clips]
    rate = min(audio.rate for audio in audios)
    sounds = [audio.resample(rate).samples[0].astype(np.float64) for audio in audios]
    return [levelled(beginning(sound, rate, seconds), rate) for sound in sounds], rate


def beginning(sound: Sound, rate: int, seconds: float) -> Sound:
    """Return a sound up to a quiet place shortly before `seconds`; a shorter one whole."""
    if len(sound) <= round(seconds * rate):
        return sound
    return sound[: quiet_place(sound, rate, LAST * seconds, seconds)]


def middle(sound: Sound, rate: int) -> int:
    """Return the quietest place about the middle, as a number of samples.

    MeasureError for less than SHORTEST.
    """
    seconds = len(sound) / rate
    if seconds < SHORTEST:
        raise MeasureError(f"a recording of {seconds:.2f} s is too short; give {SHORTEST:g} s")
    return quiet_place(sound, rate, seconds / 3, 2 * seconds / 3)


def quiet_place(sound: Sound, rate: int, begin: float, end: float) -> int:
    """Return the quietest place between two times in seconds, as a number of samples."""
    hop = round(HOP * rate)
    powers = np.convolve(_powers(sound, rate), np.ones(5) / 5, "same")
    first, last = round(begin * rate) // hop, min(round(end * rate) // hop, len(powers))
    return (first + int(powers[first:last].argmin())) * hop + hop // 2


def levelled(sound: Sound, rate: int) -> Sound:
    """Return a sound whose loud parts are at LEVEL. MeasureError for silence."""
    found: np.ndarray = sound * 10 ** ((LEVEL - _spoken(_powers(sound, rate))) / 20)
    return found


def joined(rate: int, *pieces: Sound) -> Audio:
    """Return pieces one after the other, each faded at its ends, as a recording within ±1."""
    whole = np.concatenate([_faded(piece, rate) for piece in pieces])
    return Audio((whole / max(1.0, np.abs(whole).max(initial=0))).astype(np.float32)[None], rate)


def loud(sound: Sound, rate: int) -> Shaped[np.ndarray, "times"]:
    """Return at each HOP whether somebody speaks. MeasureError for silence."""
    powers = _powers(sound, rate)
    found: np.ndarray = powers > 10 ** ((_spoken(powers) - QUIET) / 10)
    return found


def power(sound: Sound) -> float:
    """Return the mean square."""
    return float(np.mean(np.square(sound))) if len(sound) else 0.0


def _powers(sound: Sound, rate: int) -> Float64[np.ndarray, "times"]:
    hop = round(HOP * rate)
    count = len(sound) // hop
    found: np.ndarray = np.square(sound[: count * hop]).reshape(count, hop).mean(1)
    return found


def _spoken(powers: np.ndarray) -> float:
    """Return the level in dB of what is within 30 dB of the loudest."""
    most = powers.max(initial=0)
    if not most > 1e-10:
        raise MeasureError("a recording is silent; leave it out")
    return float(10 * np.log10(powers[powers > most / 1000].mean()))


def _faded(piece: Sound, rate: int) -> Sound:
    count = min(round(FADE * rate), len(piece) // 2)
    gain = np.ones(len(piece))
    if count:
        gain[:count] = (np.arange(count) + 0.5) / count
        gain[-count:] = gain[:count][::-1]
    found: np.ndarray = piece * gain
    return found
