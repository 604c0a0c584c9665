"""Draw random segments from recordings, the same again after a resume.

A segment starts anywhere in the audio with equal chance, unless the recipe weighs its collections.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.train.data.effects import colour, resize
from vocable.train.data.recordings import Recordings
from vocable.train.data.tables import Augment

_log = logging.getLogger(__name__)
_TRIES = 20  # draws before a quiet segment is taken after all


class Place(NamedTuple):
    """Where a segment is cut from: sample `first` of a recording, and how many of its samples.

    Played faster or slower, these are more or fewer than the segment has.
    """

    recording: int
    first: int
    samples: int


class Segments:
    """An endless source of batches `[batch, channels, samples]`, float32.

    `segment` is in samples. `state()` and `restore(state)` keep the position of the random numbers,
    so that the same batches follow.
    """

    def __init__(
        self,
        recordings: Recordings,
        augment: Augment,
        *,
        batch: int,
        segment: int,
        seed: int,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        self.recordings, self.augment = recordings, augment
        self.batch, self.segment = batch, segment
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        _report_short(lengths, segment, recordings.rate)
        self._offsets = np.maximum(lengths - segment + 1, 1)  # where a segment can begin, per clip
        chances = self._offsets * set_weights(weights or {}, recordings.sets)
        self._cumulative = np.cumsum(chances) / np.sum(chances)
        self._check_level(seed)

    def draw(self) -> Float[Tensor, "batch channels samples"]:
        """Return the next batch."""
        return self.draw_placed()[0]

    def draw_placed(self) -> tuple[Float[Tensor, "batch channels samples"], list[Place]]:
        """Return the next batch, and where each of its segments was cut from."""
        drawn = [self._segment() for _ in range(self.batch)]
        return torch.from_numpy(np.stack([samples for samples, _ in drawn])), [p for _, p in drawn]

    def state(self) -> dict[str, Any]:
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        self.random.bit_generator.state = dict(state)

    def _check_level(self, seed: int) -> None:
        """Refuse recordings that are too quiet; the batches drawn later do not change by this."""
        self.random = np.random.default_rng(seed)
        levels = [_rms(self._cut()[0]) for _ in range(_TRIES)]
        if max(levels) < self.augment.min_rms:
            raise RecipeError(
                f"{_TRIES} random segments have at most {max(levels):.2g} rms (full scale 1); the "
                f"recipe asks for augment.min_rms = {self.augment.min_rms}: lower it, set "
                "augment.loudness_db = -23, or record louder"
            )
        self.random = np.random.default_rng(seed)

    def _segment(self) -> tuple[np.ndarray, Place]:
        for _ in range(_TRIES):
            samples, place = self._cut()
            if _rms(samples) >= self.augment.min_rms:
                break
        samples = colour(samples, self.recordings.rate, self.augment, self.random)
        gain = 10 ** (self.random.uniform(*self.augment.gain_db) / 20)
        samples *= np.float32(min(gain, 1 / (float(np.abs(samples).max()) + 1e-9)))
        if self.augment.flip and self.random.random() < 0.5:
            samples *= np.float32(-1)
        return samples, place

    def _cut(self) -> tuple[np.ndarray, Place]:
        """Return a random segment, at a random speed where the recipe asks for it."""
        slow, fast = self.augment.speed
        if slow == fast == 1.0:
            return self._excerpt(self.segment)
        speed = np.exp(self.random.uniform(np.log(slow), np.log(fast)))
        samples, place = self._excerpt(round(self.segment * speed))
        return resize(samples, self.segment), place

    def _excerpt(self, segment: int) -> tuple[np.ndarray, Place]:
        """Return `segment` samples from a random place; a shorter clip is followed by silence."""
        index = int(np.searchsorted(self._cumulative, self.random.random(), side="right"))
        index = min(index, len(self._cumulative) - 1)
        begin, end = self.recordings.spans[index]
        first = int(begin) + int(self.random.integers(max(int(end - begin) - segment + 1, 1)))
        last = min(first + segment, int(end))
        part = self.recordings.cut(first, last)
        samples = np.zeros((len(part), segment), np.float32)
        samples[:, : last - first] = part
        return samples, Place(index, first - int(begin), segment)


def _rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def _report_short(lengths: np.ndarray, segment: int, rate: int) -> None:
    """Say how many recordings a segment does not fit into, since silence takes the rest of it."""
    short = int((lengths < segment).sum())
    if short:
        _log.warning(
            "%d of %d recordings to train on are shorter than a segment (%.2f s), the shortest "
            "%.2f s; silence fills the rest",
            short, len(lengths), segment / rate, int(lengths.min()) / rate,
        )  # fmt: skip


def set_weights(weights: Mapping[str, float], sets: Sequence[str]) -> list[float]:
    """Return the weight of each recording by its set; refuse a set that none of them has."""
    known = sorted(set(sets) - {""})
    unknown = sorted(weights.keys() - set(sets))
    if unknown and not known:
        _log.warning("data.weights has no effect: no recording to train on names its set")
    elif unknown:
        raise RecipeError(
            f'data.weights names "{unknown[0]}", a set that no recording to train on has; '
            f"{nearest(unknown[0], known, most=len(known))}"
        )
    found = [weights.get(name, 1.0) for name in sets]
    if not sum(found) > 0:
        raise RecipeError("data.weights leaves nothing to train on; give one set more than 0")
    return found
