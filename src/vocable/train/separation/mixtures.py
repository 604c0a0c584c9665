"""Draw mixtures of speakers from recordings of single ones, the same again after a resume.

A speaker is drawn with a chance by the root of how long he is heard: of many short voices and a few
long ones, all are learnt from. The speakers of one mixture differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import RecipeError
from vocable.train.data.effects import colour, resize
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import set_weights
from vocable.train.data.tables import Augment
from vocable.train.separation.recipe import MixtureTable

_TRIES = 20  # places that are drawn before a quiet one is taken after all


class Mixtures:
    """An endless source of batches `[batch, speakers, samples]`: what a mixture is the sum of.

    speakers: of a mixture. segment: samples. without: speakers that are left out.
    """

    def __init__(
        self, recordings: Recordings, augment: Augment, table: MixtureTable, *, batch: int,
        speakers: int, segment: int, seed: int, weights: Mapping[str, float] | None = None,
        without: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.recordings, self.augment, self.table = recordings, augment, table
        self.batch, self.speakers, self.segment = batch, speakers, segment
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        self._lengths = lengths * np.array(set_weights(weights or {}, recordings.sets))
        self._clips = _by_speaker(recordings, self._lengths, set(without))
        if len(self._clips) < speakers:
            raise RecipeError(
                f"the recordings name {len(self._clips)} speakers of their own, a mixture has "
                f'{speakers}; give each row of the manifest its "speaker"'
            )
        lasting = np.array([self._lengths[clips].sum() for clips in self._clips.values()])
        self._chances = np.sqrt(lasting) / np.sqrt(lasting).sum()
        self.random = np.random.default_rng(seed)

    @property
    def names(self) -> list[str]:
        """The speakers that are drawn from."""
        return list(self._clips)

    def draw(self) -> Float[Tensor, "batch speakers samples"]:
        """Return the next batch."""
        return torch.from_numpy(np.stack([self._mixture() for _ in range(self.batch)]))

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers."""
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.random.bit_generator.state = dict(state)

    def _mixture(self) -> np.ndarray:
        """Return the speakers of one mixture, `[speakers, samples]`."""
        drawn = self.random.choice(len(self.names), self.speakers, replace=False, p=self._chances)
        apart = self.table.apart_db / 2
        found = []
        for index in drawn:
            samples = self._speech(self._clips[self.names[index]])
            gain = 10 ** (self.random.uniform(-apart, apart) / 20)
            found.append(samples * np.float32(gain / (_loudness(samples) + 1e-9)))
        sources = np.concatenate(found)
        level = 10 ** (self.random.uniform(*self.table.loudness_db) / 20)
        return sources * np.float32(level / (_loudness(sources.sum(0)) + 1e-9))

    def _speech(self, clips: np.ndarray) -> np.ndarray:
        """Return `[1, samples]` of one of these, where something is said."""
        for _ in range(_TRIES):
            samples = self._cut(clips)
            if float(np.sqrt(np.mean(np.square(samples)))) >= self.augment.min_rms:
                break
        return colour(samples, self.recordings.rate, self.augment, self.random)

    def _cut(self, clips: np.ndarray) -> np.ndarray:
        """Return a random segment; a shorter recording begins anywhere in it."""
        share = np.cumsum(self._lengths[clips])
        place = np.searchsorted(share, self.random.random() * share[-1], side="right")
        begin, end = self.recordings.spans[clips[min(int(place), len(clips) - 1)]]
        slow, fast = np.log(self.augment.speed)
        speed = float(np.exp(self.random.uniform(slow, fast)))
        wanted = min(round(self.segment * speed), int(end - begin))
        first = int(begin) + int(self.random.integers(int(end - begin) - wanted + 1))
        part = self.recordings.cut(first, first + wanted)
        played = resize(part, min(self.segment, round(wanted / speed)))
        samples = np.zeros((1, self.segment), np.float32)
        at = int(self.random.integers(self.segment - played.shape[1] + 1))
        samples[:, at : at + played.shape[1]] = played
        return samples


def _by_speaker(
    recordings: Recordings, lengths: np.ndarray, without: set[str]
) -> dict[str, np.ndarray]:
    """Return the indices of each speaker's recordings; those that name none are left out."""
    found: dict[str, list[int]] = {}
    for index, clip in enumerate(recordings.clips):
        if clip.speaker and clip.speaker not in without and lengths[index]:
            found.setdefault(clip.speaker, []).append(index)
    return {name: np.array(indices) for name, indices in found.items()}


def _loudness(samples: np.ndarray) -> float:
    """Return the root of the mean square where there is sound at all."""
    powers = np.square(samples[samples != 0], dtype=np.float64)
    return float(np.sqrt(powers.mean())) if len(powers) else 0.0
