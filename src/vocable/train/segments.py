"""Draw random segments from recordings, the same again after a resume.

A segment's place is uniform over all of the audio, unless the recipe weighs its collections.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.train.recipe import Augment
from vocable.train.recordings import FULL, Recordings

_log = logging.getLogger(__name__)
_TRIES = 20  # draws before a quiet segment is taken after all


class Segments:
    """An endless source of batches `[batch, 1, samples]`, float32.

    `state()` and `restore(state)` give its position exactly, in numbers and text.
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
        self.batch, self.segment = batch, segment  # segment in samples
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        self._starts = np.maximum(lengths - segment + 1, 1)
        shares = self._starts * _shares(weights or {}, recordings.sets)
        self._until = np.cumsum(shares) / np.sum(shares)
        self._check_heard(seed)

    def draw(self) -> Float[Tensor, "batch channels samples"]:
        """Return the next batch."""
        return torch.from_numpy(np.stack([self._segment() for _ in range(self.batch)])[:, None])

    def state(self) -> dict[str, Any]:
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        self.random.bit_generator.state = dict(state)

    def _check_heard(self, seed: int) -> None:
        """Refuse recordings that are silent, by draws that leave the own ones as they are."""
        self.random = np.random.default_rng(seed)
        levels = [self._level(self._cut()) for _ in range(_TRIES)]
        if max(levels) < self.augment.min_rms:
            raise RecipeError(
                f"{_TRIES} random segments have at most {max(levels):.2g} rms (full scale 1); the "
                f"recipe wants augment.min_rms = {self.augment.min_rms}: lower it, set "
                "augment.loudness_db = -23, or record louder"
            )
        self.random = np.random.default_rng(seed)

    @staticmethod
    def _level(samples: np.ndarray) -> float:
        return float(np.sqrt(np.mean(np.square(samples))))

    def _segment(self) -> np.ndarray:
        for _ in range(_TRIES):
            samples = self._cut()
            if self._level(samples) >= self.augment.min_rms:
                break
        gain = 10 ** (self.random.uniform(*self.augment.gain_db) / 20)
        samples *= np.float32(min(gain, 1 / (float(np.abs(samples).max()) + 1e-9)))
        if self.augment.flip and self.random.random() < 0.5:
            samples *= np.float32(-1)
        return samples

    def _cut(self) -> np.ndarray:
        """Return a random segment; a clip shorter than it is followed by silence."""
        index = int(np.searchsorted(self._until, self.random.random(), side="right"))
        index = min(index, len(self._until) - 1)
        begin, end = self.recordings.spans[index]
        first = int(begin) + int(self.random.integers(self._starts[index]))
        last = min(first + self.segment, int(end))
        samples = np.zeros(self.segment, np.float32)
        samples[: last - first] = self.recordings.samples[first:last]
        samples /= np.float32(FULL)
        return samples


def _shares(weights: Mapping[str, float], sets: Sequence[str]) -> list[float]:
    """Return the weight of each recording by its set; refuse weights that fit none of them."""
    known = sorted(set(sets) - {""})
    unknown = sorted(weights.keys() - set(sets))
    if unknown and not known:
        _log.warning("data.weights weighs nothing: no recording to train on names its set")
    elif unknown:
        raise RecipeError(
            f'data.weights names "{unknown[0]}", a set that no recording to train on has; '
            f"{nearest(unknown[0], known, most=len(known))}"
        )
    shares = [weights.get(name, 1.0) for name in sets]
    if not sum(shares) > 0:
        raise RecipeError("data.weights leaves nothing to train on; give one set more than 0")
    return shares
