"""Made-up talk, and listeners that understand it: each word is a tone, each voice a band of noise.

`WORDS` are words by their tone. A word lasts 0.3 s, 0.06 s of silence part it from the next one; a
number among the words is a pause of so many seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from vocable.measures import EMBEDDINGS, RECOGNISERS, Word

RATE = 16_000
WORDS = {200: "one", 300: "two", 400: "three", 500: "four.", 600: "five", 700: "six.", 800: "seven"}
TONES = {word: hertz for hertz, word in WORDS.items()}
BANDS = {"anna": (5000, 6000), "bert": (6500, 7500), "narrow": (1000, 2000)}
LAST, GAP = 0.3, 0.06  # seconds
LEVEL, HISS, ROOM = 0.2, 0.05, 1e-4


def talk(*parts: str | float, voice: str = "anna", rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Return the sound [samples] of words and pauses: `talk("one two", 0.5, "three")`."""
    random = np.random.default_rng(seed)
    pieces = [np.zeros(round(0.3 * rate))]
    for part in parts:
        if isinstance(part, str):
            for word in part.split():
                pieces += [_word(TONES[word], voice, rate, random), np.zeros(round(GAP * rate))]
            pieces.pop()
        else:
            pieces.append(np.zeros(round(part * rate)))
    whole = np.concatenate([*pieces, np.zeros(round(0.3 * rate))])
    return (whole + ROOM * random.normal(size=whole.size)).astype(np.float32)


def _word(hertz: int, voice: str, rate: int, random: np.random.Generator) -> np.ndarray:
    """Return a word that fades in and out; at low rates its voice has a lower band."""
    time = np.arange(round(LAST * rate)) / rate
    spectrum = np.fft.rfft(random.normal(size=time.size))
    low, high = (
        min(hertz, rate * most) for hertz, most in zip(BANDS[voice], (0.41, 0.47), strict=True)
    )
    at = np.fft.rfftfreq(time.size, 1 / rate)
    spectrum[(at < low) | (at > high)] = 0
    hiss = np.fft.irfft(spectrum, time.size)
    edges = np.clip(np.minimum(time, time[::-1]) / 0.02, 0, 1)
    return edges**2 * (LEVEL * np.sin(2 * np.pi * hertz * time) + HISS * hiss / hiss.std())


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate)
    return path


class Ear:
    """A recogniser of made-up talk; `calls` counts what it listened to, in seconds."""

    languages: tuple[str, ...] = ("xx",)
    calls: list[float] = []

    def __call__(self, samples: np.ndarray, rate: int) -> str:
        return "".join(word.text for word in self.words(samples, rate, "xx"))

    def words(self, samples: np.ndarray, rate: int, language: str) -> tuple[Word, ...]:
        samples = samples * (LEVEL / max(np.abs(samples).max(), 1e-9))  # hears what is quiet too
        type(self).calls.append(samples.size / rate)
        return tuple(
            Word(begin / rate, end / rate, f" {_tone(samples[begin:end], rate)}", 0.9)
            for begin, end in _loud(samples, rate)
            if end - begin > 0.1 * rate
        )

    def guess(self, samples: np.ndarray, rate: int) -> tuple[str, float] | None:
        return None


class Polyglot(Ear):
    """One that knows many languages, and takes all talk for Elvish."""

    languages = ()
    calls: list[float] = []

    def guess(self, samples: np.ndarray, rate: int) -> tuple[str, float]:
        return "elvish", 0.95


class Parrot(Ear):
    """One that repeats itself, as Whisper does in a language that it does not know."""

    calls: list[float] = []

    def words(self, samples: np.ndarray, rate: int, language: str) -> tuple[Word, ...]:
        return tuple(
            Word(word.begin, word.end, " so I am going to show you how to do it", 0.9)
            for word in super().words(samples, rate, language)
        )


class Dizzy(Ear):
    """One that goes in circles after the first word of what is long, as Whisper does at times."""

    calls: list[float] = []

    def words(self, samples: np.ndarray, rate: int, language: str) -> tuple[Word, ...]:
        found = super().words(samples, rate, language)
        if samples.size < 4 * rate:
            return found
        circle = tuple(Word(w.begin, w.end, " see you in the next video,", 0.9) for w in found[1:])
        return (*found[:1], *circle)


def _loud(samples: np.ndarray, rate: int) -> Iterable[tuple[int, int]]:
    """Return from where to where it is loud, to 2 ms."""
    size = rate // 500
    frames = samples[: samples.size // size * size].reshape(-1, size)
    loud = np.sqrt(np.square(frames).mean(axis=1)) > 0.03
    edges = np.flatnonzero(np.diff(loud.astype(int), prepend=0, append=0)) * size
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _tone(samples: np.ndarray, rate: int) -> str:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    hertz = spectrum.argmax() * rate / samples.size
    return WORDS[min(WORDS, key=lambda tone: abs(tone - hertz))]


def voiceprint(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return the amplitudes in the bands of the voices: an embedding [3]."""
    power = np.square(np.abs(np.fft.rfft(samples)))
    at = np.fft.rfftfreq(samples.size, 1 / rate)
    return np.sqrt([power[(at >= a) & (at <= b)].sum() for a, b in BANDS.values()])


def register(monkeypatch) -> None:
    """Make the listeners known by name: talk-ear, talk-polyglot, talk-parrot, talk-voices."""
    for kind in (Ear, Polyglot, Parrot, Dizzy):
        monkeypatch.setitem(RECOGNISERS, f"talk-{kind.__name__.lower()}", kind)
        kind.calls.clear()
    monkeypatch.setitem(EMBEDDINGS, "talk-voices", lambda: voiceprint)
