"""A recording goes on in its room, or in another one.

A room is the direct sound and, 5 ms behind it, white noise that decays exponentially: Polack's
model of the late part of an impulse response (1988), with nothing of its own early reflections.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from vocable.audio.manifest import Clip
from vocable.evaluate.likelihood.making.sounds import Sound, levelled, middle, read_sounds
from vocable.evaluate.likelihood.making.splice import Item, Two, both_ways

SMALL, LARGE = (0.2, 0.4), (0.8, 1.5)  # seconds in which the sound of a room decays by 60 dB
RATIO = 2.0  # power of the direct sound to that of the room
GAP = 0.005  # seconds


def room(clips: Sequence[Clip], seconds: float, random: np.random.Generator) -> Iterator[Item]:
    """Yield items of a small and a large room, other ones for each recording."""
    for k in random.permutation(len(clips)):
        decays = [float(random.uniform(*each)) for each in (SMALL, LARGE)]
        seeds = random.integers(1 << 62, size=2)
        made = partial(_made, clips[k], seconds, decays, seeds)
        yield Item(clips[k].name, clips[k].speaker, made)


def impulse(rate: int, decay: float, random: np.random.Generator) -> Sound:
    """Return the impulse response of a room that decays by 60 dB in `decay` seconds."""
    time = np.arange(round(decay * rate)) / rate
    tail = random.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail *= np.sqrt(1 / RATIO / np.square(tail).sum())
    return np.concatenate(([1.0], np.zeros(round(GAP * rate)), tail))


def _made(clip: Clip, seconds: float, decays: Sequence[float], seeds: np.ndarray) -> list[Two]:
    (sound,), rate = read_sounds([clip], seconds)
    cut = middle(sound, rate)
    rooms = []
    for decay, seed in zip(decays, seeds, strict=True):
        response = impulse(rate, decay, np.random.default_rng(int(seed)))
        whole = levelled(_convolved(sound, response), rate)
        rooms.append((whole[:cut], whole[cut:]))
    return both_ways(rate, seconds, *rooms)


def _convolved(sound: Sound, response: Sound) -> Sound:
    """Return a sound in a room, as long as it was."""
    size = 1 << (len(sound) + len(response) - 1).bit_length()
    product = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    found: np.ndarray = np.fft.irfft(product, size)[: len(sound)]
    return found
