"""What a pair is made of, before it is written, and the two directions of a splice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from vocable.audio import Audio
from vocable.evaluate.likelihood.making.sounds import Sound, joined

Two: TypeAlias = tuple[Audio, Audio]  # the positive and the negative recording


@dataclass(frozen=True)
class Item:
    """What is made of some recordings. owner: as in `Pair`.

    make: return its pairs; MeasureError or AudioError where these recordings do not lend themselves
    """

    name: str
    owner: str
    make: Callable[[], list[Two]]


def both_ways(
    rate: int, seconds: float, one: tuple[Sound, Sound], other: tuple[Sound, Sound]
) -> list[Two]:
    """Return the pairs of two sounds in two halves: each goes on as itself, or as the other.

    The second halves are cut to the shorter of the two, and so that no whole exceeds `seconds`.
    """
    room = round(seconds * rate) - max(len(one[0]), len(other[0]))
    last = min(len(one[1]), len(other[1]), room)
    return [
        (joined(rate, begin, same[:last]), joined(rate, begin, another[:last]))
        for begin, same, another in ((*one, other[1]), (*other, one[1]))
    ]
