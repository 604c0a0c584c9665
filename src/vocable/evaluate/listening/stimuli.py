"""Make what listeners hear in one trial: sounds of one length, lined up, and equally loud.

Loudness  the reference is brought to -23 LUFS (EBU R 128), so that nobody turns the volume between
          trials, and every other sound to the reference's loudness; if one of them would pass
          -1 dB of full scale, the whole trial is turned down, not that sound.
Files     WAV of 16 bit with dither (triangular, of two steps). Each sound has dither of its own, so
          that the hidden reference does not have the bytes of the open one; and since none is
          compressed, all files of a trial have one size.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.evaluate.listening.anchors import CUTOFFS, anchors_of
from vocable.evaluate.recording import check_sound
from vocable.measures.delays import find_delay
from vocable.measures.loudness import loudness
from vocable.measures.recordings import LEFT_OVER

LONGEST, SHORTEST = 12.0, 1.0  # seconds; BS.1534-3 asks for at most about 12
MOST_SYSTEMS = 9  # BS.1534-3: at most 12 sounds, with the hidden reference and two anchors
LOUDNESS, PEAK = -23.0, 10 ** (-1 / 20)
REFERENCE = "reference"
RESERVED = frozenset([REFERENCE, *CUTOFFS])

Source = Audio | Path | str


@dataclass(frozen=True)
class Trial:
    """One recording, and what systems made of it: as `Audio`, or the path of a file."""

    name: str
    reference: Source
    systems: Mapping[str, Source]


@dataclass(frozen=True)
class Stimuli:
    """The sounds of a trial, ready to be heard: the reference, the anchors, the systems.

    gains    dB by which each was made louder or quieter
    delays   seconds by which each system came late, and which were put right
    """

    sounds: Mapping[str, Audio]
    gains: Mapping[str, float]
    delays: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """How long each of them is."""
        return self.sounds[REFERENCE].seconds


def stimuli_of(trial: Trial) -> Stimuli:
    """Return a trial's sounds; MeasureError with what is wrong and with which system.

    Of longer recordings the first 12 s are heard. What a system made comes at the reference's rate
    and channels, and is lined up with it (`find_delay`), by up to 0.5 s.
    """
    whole = Audio.read(trial.reference)
    reference = _start(whole, LONGEST)
    if reference.seconds < SHORTEST:
        raise MeasureError(f"the reference lasts {reference.seconds:.2f} s, wanted {SHORTEST:g} s")
    sounds = {REFERENCE: check_sound(reference, "the reference"), **anchors_of(reference)}
    delays = {}
    for system, source in trial.systems.items():
        try:
            made = Audio.read(source)
            delays[system] = _delay(reference, made)
            _check_length(whole, made, delays[system])
            sounds[system] = _lined_up(reference, made, delays[system])
        except MeasureError as error:
            raise MeasureError(f"{system}: {error}") from error
    gains = _gains(sounds)
    return Stimuli({name: _louder(sounds[name], gains[name]) for name in sounds}, gains, delays)


def wav_of(audio: Audio, dither: np.random.Generator) -> bytes:
    """Return the file of a sound: WAV of 16 bit, with dither."""
    noise = dither.random((2, *audio.samples.shape)).sum(axis=0) - 1
    steps = np.clip(np.rint(audio.samples * 32767.0 + noise), -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, steps.T, audio.rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def _start(audio: Audio, seconds: float) -> Audio:
    samples = audio.samples[:, : round(seconds * audio.rate)]
    return Audio(samples, audio.rate, allow_loud=True)


def _delay(reference: Audio, made: Audio) -> float:
    """Return by how many seconds it comes late; listeners need it put right whatever it is."""
    begin = check_sound(_start(made, LONGEST), "what it made").resample(reference.rate)
    size = min(len(reference), len(begin))
    x, y = (audio.mono().samples[0, :size].astype(np.float64) for audio in (reference, begin))
    return find_delay(x, y, reference.rate)


def _check_length(reference: Audio, made: Audio, delay: float) -> None:
    apart = made.seconds - delay - reference.seconds
    if abs(apart) > LEFT_OVER:
        word = "longer" if apart > 0 else "shorter"
        raise MeasureError(
            f"what it made is {abs(apart):.2f} s {word} than the reference, lined up with it; "
            "cut both to one length"
        )


def _lined_up(reference: Audio, made: Audio, delay: float) -> Audio:
    """Return what a system made in the reference's rate, channels and time."""
    length, late = len(reference), round(delay * reference.rate)
    begin = _start(made, LONGEST + max(0, delay)).resample(reference.rate)
    samples = _with_channels(begin, reference.channels)
    samples = samples[:, late:] if late > 0 else np.pad(samples, ((0, 0), (-late, 0)))
    samples = np.pad(samples[:, :length], ((0, 0), (0, max(0, length - samples.shape[1]))))
    return Audio(samples, reference.rate, allow_loud=True)


def _with_channels(audio: Audio, channels: int) -> np.ndarray:
    """Return samples with so many channels; of another number, all of them hear the mix."""
    if audio.channels == channels:
        return audio.samples
    return np.repeat(audio.mono().samples, channels, axis=0)


def _gains(sounds: Mapping[str, Audio]) -> dict[str, float]:
    """Return the gain of each sound in dB."""
    gains = {}
    for name, audio in sounds.items():
        try:
            gains[name] = LOUDNESS - loudness(audio)
        except MeasureError as error:
            raise MeasureError(f"{name}: {error}") from error
    peaks = [float(np.abs(_louder(sounds[name], gains[name]).samples).max()) for name in sounds]
    down = 20 * float(np.log10(min(1.0, PEAK / max(peaks))))
    return {name: gain + down for name, gain in gains.items()}


def _louder(audio: Audio, gain: float) -> Audio:
    samples = audio.samples * np.float32(10 ** (gain / 20))
    return Audio(samples, audio.rate, allow_loud=True)
