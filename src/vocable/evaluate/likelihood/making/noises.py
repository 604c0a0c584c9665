"""A recording goes on over its noise, or over another noise: of the same class, or of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.likelihood.making.sounds import (
    LEVEL,
    SHORTEST,
    Sound,
    beginning,
    middle,
    power,
    read_sounds,
)
from vocable.evaluate.likelihood.making.splice import Item, Two, both_ways

RATIO = 5.0  # dB of what is spoken to the noise
EVEN = 100.0  # times as much power as one half of a noise the other may have, and no more


class Noises:
    """Noises by their class, the `label` of a row."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._by_class: dict[str, list[Clip]] = {}
        for clip in clips:
            if clip.label:
                self._by_class.setdefault(clip.label, []).append(clip)

    def other(
        self, clips: Sequence[Clip], seconds: float, random: np.random.Generator
    ) -> Iterator[Item]:
        """Yield items of noises of two classes."""
        names = sorted(self._by_class)
        if len(names) < 2:
            raise MeasureError(
                f"needs noises of two classes, and there are {len(names)}; give rows of --noise "
                "their `label`"
            )
        for k in random.permutation(len(clips)):
            two = [names[n] for n in random.choice(len(names), 2, replace=False)]
            drawn = [self._by_class[n][random.integers(len(self._by_class[n]))] for n in two]
            yield _item(clips[k], drawn, seconds)

    def same(
        self, clips: Sequence[Clip], seconds: float, random: np.random.Generator
    ) -> Iterator[Item]:
        """Yield items of two noises of one class."""
        names = [name for name in sorted(self._by_class) if len(self._by_class[name]) > 1]
        if not names:
            raise MeasureError("needs two noises of one class; give rows of --noise their `label`")
        for k in random.permutation(len(clips)):
            some = self._by_class[names[random.integers(len(names))]]
            drawn = [some[n] for n in random.choice(len(some), 2, replace=False)]
            yield _item(clips[k], drawn, seconds)


def _item(clip: Clip, noises: Sequence[Clip], seconds: float) -> Item:
    name = "-".join(each.name for each in (clip, *noises))
    return Item(name, clip.speaker, partial(_made, clip, noises, seconds))


def _made(clip: Clip, noises: Sequence[Clip], seconds: float) -> list[Two]:
    (sound, *backs), rate = read_sounds([clip, *noises], seconds)
    for noise, back in zip(noises, backs, strict=True):
        if len(back) < SHORTEST * rate:
            raise MeasureError(
                f"{noise.path} lasts {len(back) / rate:.3f} s, too short for a noise; give "
                f"{SHORTEST:g} s"
            )
    sound = beginning(sound, rate, min(len(each) / rate for each in backs))
    cut = middle(sound, rate)
    one, other = (
        _over(sound, back[: len(sound)], cut, noise)
        for noise, back in zip(noises, backs, strict=True)
    )
    return both_ways(rate, seconds, one, other)


def _over(sound: Sound, noise: Sound, cut: int, clip: Clip) -> tuple[Sound, Sound]:
    """Return both halves over a noise. MeasureError where that is in one half only, or in none."""
    halves = [power(noise[:cut]), power(noise[cut:])]
    if not 0 < max(halves) <= EVEN * min(halves):
        raise MeasureError(f"{clip.path} is silent over a half of the recording; cut the noise")
    gain = 10 ** ((LEVEL - RATIO) / 20) / np.sqrt(power(noise))
    whole = sound + gain * noise
    return whole[:cut], whole[cut:]
