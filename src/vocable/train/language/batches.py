"""Draw batches of stretches of like lengths, the same again after a resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vocable.errors import TokenError
from vocable.language.lessons import Learns, LearnsWhole, Lesson, Lessons
from vocable.train.data.segments import set_weights
from vocable.train.language.tracks import Clock, Stretch

_POOL = 8  # batches that are drawn together, so that lengths in each are alike


class Batches:
    """An endless source of batches of at most so many positions, padding among them.

    A recording is drawn with a chance by its length and the weight of its set, and a stretch of at
    most `seconds` anywhere in it.
    """

    def __init__(
        self, network: Learns, clock: Clock, items: Sequence[int], sets: Sequence[str],
        seconds: float, positions: int, weights: Mapping[str, float], seed: int,
    ) -> None:  # fmt: skip
        self._network, self._clock, self._positions = network, clock, positions
        self._longest = max(1, round(seconds / float(clock.seconds)))
        self._items = np.array(items)
        chances = clock.moments[self._items] * set_weights(weights, sets)
        self._cumulative = np.cumsum(chances) / chances.sum()
        self._random = np.random.default_rng(seed)
        self._pool: list[list[Stretch]] = []

    def draw(self) -> Lessons:
        """Return the next batch."""
        if not self._pool:
            self._pool = self._draw_pool()
        return Lessons.of([self._lesson(stretch) for stretch in self._pool.pop()])

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers, and what is drawn already."""
        pool = [[(each.item, each.first, each.last) for each in batch] for batch in self._pool]
        return {"random": dict(self._random.bit_generator.state), "pool": pool}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.bit_generator.state = dict(state["random"])
        self._pool = [[Stretch(*map(int, each)) for each in batch] for batch in state["pool"]]

    def _draw_pool(self) -> list[list[Stretch]]:
        total, drawn = 0, []
        while total < self._positions * _POOL:
            stretch = self._stretch()
            length = len(self._lesson(stretch))
            drawn.append((length, stretch))
            total += length
        batches: list[list[Stretch]] = [[]]
        for length, stretch in sorted(drawn, key=_by_length):
            if batches[-1] and length * (len(batches[-1]) + 1) > self._positions:
                batches.append([])
            batches[-1].append(stretch)
        return [batches[k] for k in self._random.permutation(len(batches))]

    def _stretch(self) -> Stretch:
        place = int(np.searchsorted(self._cumulative, self._random.random(), side="right"))
        item = int(self._items[min(place, len(self._items) - 1)])
        moments = int(self._clock.moments[item])
        first = int(self._random.integers(max(1, moments - self._longest + 1)))
        return Stretch(item, first, min(moments, first + self._longest))

    def _lesson(self, stretch: Stretch) -> Lesson:
        return lesson_of(self._network, self._clock, stretch)


def lesson_of(network: Learns, clock: Clock, stretch: Stretch) -> Lesson:
    """Return a stretch as the network reads it."""
    begins, ends = clock.is_whole(stretch)
    tracks = clock.cut(stretch)
    if not isinstance(network, LearnsWhole):
        return network.lesson(tracks, begins=begins, ends=ends)
    try:
        return network.lesson(tracks, begins=begins, ends=ends, text=clock.text(stretch))
    except TokenError as error:
        raise TokenError(f"{clock.about(stretch.item).name}: {error}") from error


def usable(network: Learns, clock: Clock, items: Sequence[int], seconds: float) -> list[int]:
    """Return the recordings that a network can learn from: those that are not empty.

    For one that cuts none, those of at most so many seconds, and with a text where it reads that.
    """
    found = [item for item in items if clock.moments[item]]
    if not isinstance(network, LearnsWhole):
        return found
    longest = max(1, round(seconds / float(clock.seconds)))
    return [
        item
        for item in found
        if clock.moments[item] <= longest and (clock.about(item).text or not network.reads_text)
    ]


def windows(clock: Clock, item: int, seconds: float) -> list[Stretch]:
    """Return a whole recording in stretches of at most so many seconds, one after the other."""
    longest, moments = max(1, round(seconds / float(clock.seconds))), int(clock.moments[item])
    return [
        Stretch(item, first, min(moments, first + longest)) for first in range(0, moments, longest)
    ]


def _by_length(drawn: tuple[int, Stretch]) -> tuple[int, int, int]:
    length, stretch = drawn
    return length, stretch.item, stretch.first
