"""The same samples in another order: what is before and behind a pause changes places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.likelihood.making.sounds import HOP, Sound, joined, loud, read_sounds
from vocable.evaluate.likelihood.making.splice import Item, Two

PAUSE = 0.1  # seconds, at least
ALONE = 0.5  # seconds of each of the two stretches, at least


def order(clips: Sequence[Clip], seconds: float, random: np.random.Generator) -> Iterator[Item]:
    """Yield an item of each recording that has a pause; silence at both ends stays where it is."""
    for k in random.permutation(len(clips)):
        yield Item(clips[k].name, clips[k].speaker, partial(_made, clips[k], seconds))


def _made(clip: Clip, seconds: float) -> list[Two]:
    (sound,), rate = read_sounds([clip], seconds)
    lead, one, pause, two, tail = pieces(sound, rate)
    positive, negative = (
        joined(rate, lead, first, pause, second, tail) for first, second in ((one, two), (two, one))
    )
    return [(positive, negative)]


def pieces(sound: Sound, rate: int) -> list[Sound]:
    """Return silence, speech, the pause nearest its middle, speech and silence, which join to it.

    MeasureError where no pause is long enough, or has enough speech on both sides.
    """
    hop = round(HOP * rate)
    return np.split(sound, [edge * hop for edge in _edges(loud(sound, rate))])


def _edges(speaks: np.ndarray) -> tuple[int, int, int, int]:
    """Return where speech begins, where the pause nearest its middle does and ends, and it ends."""
    places = np.flatnonzero(speaks)
    begin, end = int(places[0]), int(places[-1]) + 1
    gaps = [
        (int(a) + 1, int(b))
        for a, b in zip(places, places[1:], strict=False)
        if b - a > PAUSE / HOP and a + 1 - begin >= ALONE / HOP and end - b >= ALONE / HOP
    ]
    if not gaps:
        raise MeasureError(f"has no pause of {PAUSE:g} s with {ALONE:g} s of speech on both sides")
    first, last = min(gaps, key=lambda gap: abs(sum(gap) - begin - end))
    return begin, first, last, end
