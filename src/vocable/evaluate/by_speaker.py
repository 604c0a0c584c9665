"""Count how often each phone goes with each unit, by speaker, and say how sure figures of it are.

Intervals are over draws of whole speakers, with replacement. A draw has fewer different speakers
than there are, of whom units tell more: all these figures are higher then. So the figures of the
draws are moved to have the mean of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64, Int64

from vocable.errors import MeasureError
from vocable.evaluate.intervals import Interval, ends

DRAWS = 1000  # of speakers
Figure: TypeAlias = Callable[[Int64[np.ndarray, "phones entries"]], float]
Drawn: TypeAlias = Float64[np.ndarray, "draws"]


@dataclass(frozen=True, eq=False)
class BySpeaker:
    """How often each of `phones` goes with each unit, `counts` by each of `speakers`."""

    counts: Int64[np.ndarray, "speakers phones entries"]
    phones: tuple[str, ...]
    speakers: tuple[str, ...]

    @property
    def joint(self) -> Int64[np.ndarray, "phones entries"]:
        """The counts of all speakers."""
        found: np.ndarray = self.counts.sum(axis=0)
        return found

    def of_phones(self, phones: Sequence[str]) -> BySpeaker:
        """Return the same of some phones; MeasureError if no frame has one of them."""
        kept = [k for k, phone in enumerate(self.phones) if phone in phones]
        counts = self.counts[:, kept]
        if not counts.any():
            raise MeasureError("no frame has a phone; give those of the recordings")
        return BySpeaker(counts, tuple(self.phones[k] for k in kept), self.speakers)

    def drawn(self, figure: Figure, seed: int = 0) -> Drawn:
        """Return a figure of each draw of speakers: equal speakers and seeds have equal draws."""
        owners = len(self.speakers)
        random = np.random.default_rng(seed)
        draws = random.multinomial(owners, np.full(owners, 1 / owners), DRAWS)
        flat, shape = self.counts.reshape(owners, -1), self.counts.shape[1:]
        return np.array([figure((draw @ flat).reshape(shape)) for draw in draws])

    def interval(self, figure: Figure, seed: int = 0) -> Interval:
        """Return a figure of all speakers, and its 95 % interval over them."""
        return mean([self], figure, seed)


def count_by_speaker(
    labels: Sequence[np.ndarray], codes: Sequence[np.ndarray], owners: Sequence[str], size: int
) -> BySpeaker:
    """Return the counts of recordings: labels and codes `[frames]` of each, and who speaks in it.

    Frames whose label is "" are left out. size: of the codebook.
    """
    phones = sorted({str(label) for each in labels for label in each} - {""})
    speakers = sorted(set(owners))
    counts = np.zeros((len(speakers), len(phones), size), np.int64)
    places = {phone: k for k, phone in enumerate(phones)}
    for named, units, owner in zip(labels, codes, owners, strict=True):
        known = named != ""
        rows = [places[str(label)] for label in named[known]]
        np.add.at(counts[speakers.index(owner)], (rows, units[known]), 1)
    return BySpeaker(counts, tuple(phones), tuple(speakers))


def mean(these: Sequence[BySpeaker], figure: Figure, seed: int = 0) -> Interval:
    """Return the mean of a figure of several, as of centres that several seeds gave.

    MeasureError for other speakers.
    """
    owners = _speakers(these)
    whole = float(np.mean([figure(each.joint) for each in these]))
    if owners < 2:
        return Interval(whole, float("nan"), float("nan"))
    return _about(whole, np.mean([each.drawn(figure, seed) for each in these], 0), owners)


def ratio(
    these: Sequence[BySpeaker], those: Sequence[BySpeaker], figure: Figure, seed: int = 0
) -> Interval:
    """Return how many times as high a figure is in `these` as in `those`, over the same draws.

    Of several, the mean of each side. MeasureError for other speakers.
    """
    owners, sides = _speakers([*these, *those]), (these, those)
    upper, lower = (np.mean([figure(each.joint) for each in side]) for side in sides)
    if owners < 2:
        return Interval(float(upper / lower), float("nan"), float("nan"))
    above, below = (np.mean([each.drawn(figure, seed) for each in side], 0) for side in sides)
    return _about(float(upper / lower), above / below, owners)


def _speakers(these: Sequence[BySpeaker]) -> int:
    """Return how many speakers there are; MeasureError if they are not the same in all."""
    if len({each.speakers for each in these}) > 1:
        raise MeasureError("figures over draws of speakers need the same speakers in all")
    return len(these[0].speakers)


def _about(whole: float, drawn: Drawn, owners: int) -> Interval:
    moved = drawn + (whole - drawn.mean())
    (low,), (high,) = ends(moved[:, None], np.ones((1, owners)))
    return Interval(whole, float(low), float(high))
