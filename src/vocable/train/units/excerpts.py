"""Draw excerpts of recordings with the classes of their frames, the same again after a resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.train.data.effects import colour, resize
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import set_weights
from vocable.train.data.tables import Augment, Data
from vocable.train.units.labels import NONE, Labels, frame_count
from vocable.train.units.recipe import Mask
from vocable.units.log_mel_frames import HOP, WINDOW


@dataclass(frozen=True)
class Excerpt:
    """A batch: samples, the class of each frame (-1: none), and which frames are hidden."""

    samples: Float[Tensor, "batch time"]
    classes: Int[Tensor, "batch frames"]
    hidden: Bool[Tensor, "batch frames"]


class Excerpts:
    """An endless source of batches. A place is drawn with equal chance for each second of audio.

    An excerpt that a recording does not fill goes on with another one. Played faster or slower, it
    keeps the classes of what is heard: voices change, and what they say does not.
    """

    def __init__(
        self, recordings: Recordings, data: Data, augment: Augment, mask: Mask, seed: int
    ) -> None:
        self.recordings, self.augment, self.mask = recordings, augment, mask
        self.batch, self.samples = data.batch, round(data.segment * recordings.rate)
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        chances = lengths * set_weights(data.weights, recordings.sets)
        self._cumulative = np.cumsum(chances) / np.sum(chances)
        self.random = np.random.default_rng(seed)

    def draw(self, labels: Labels) -> Excerpt:
        """Return the next batch, with the classes that `labels` has for its frames."""
        pairs = [self._excerpt(labels) for _ in range(self.batch)]
        samples, classes = (torch.from_numpy(np.stack(each)) for each in zip(*pairs, strict=True))
        hidden = hide(self.random, self.batch, classes.shape[1], self.mask)
        return Excerpt(samples, classes.long(), torch.from_numpy(hidden))

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers."""
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.random.bit_generator.state = dict(state)

    def _excerpt(self, labels: Labels) -> tuple[np.ndarray, np.ndarray]:
        samples = np.zeros(self.samples, np.float32)
        classes = np.full(frame_count(self.samples), NONE, np.int16)
        filled = 0
        while self.samples - filled >= WINDOW:
            part, own = self._part(labels, self.samples - filled)
            if not len(part):
                continue
            samples[filled : filled + len(part)] = part
            first = -(-filled // HOP)  # frames that begin in the part before hear both: no class
            stop = first + len(own)
            classes[first:stop] = own[: len(classes) - first]
            filled = first * HOP + len(part)
        return self._altered(samples), classes

    def _part(self, labels: Labels, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Return up to `most` samples of one recording, and the classes of the frames in them."""
        index = int(np.searchsorted(self._cumulative, self.random.random(), side="right"))
        index = min(index, len(self._cumulative) - 1)
        begin, end = (int(each) for each in self.recordings.spans[index])
        slow, fast = np.log(self.augment.speed)
        speed = float(np.exp(self.random.uniform(slow, fast)))
        wanted = min(round(most * speed), end - begin)
        first = HOP * int(self.random.integers((end - begin - wanted) // HOP + 1))
        part = self.recordings.cut(begin + first, begin + first + wanted)
        played = resize(part, min(most, round(wanted / speed)))[0]
        return played, _classes(labels.of(index), first, speed, frame_count(len(played)))

    def _altered(self, samples: np.ndarray) -> np.ndarray:
        samples = colour(samples[None], self.recordings.rate, self.augment, self.random)[0]
        gain = 10 ** (self.random.uniform(*self.augment.gain_db) / 20)
        return samples * np.float32(min(gain, 1 / (float(np.abs(samples).max()) + 1e-9)))


def hide(random: np.random.Generator, batch: int, frames: int, mask: Mask) -> np.ndarray:
    """Return which frames are hidden, `[batch, frames]`: as many spans in each row.

    Their beginnings are drawn without regard to each other, as in HuBERT; 2 spans at least.
    """
    hidden = np.zeros((batch, frames), bool)
    if not mask.share or not frames:
        return hidden
    spans = max(2, round(mask.share * frames))
    for row in hidden:
        starts = random.choice(max(1, frames - mask.length + 1), min(spans, frames), replace=False)
        row[(starts[:, None] + np.arange(mask.length)).clip(max=frames - 1)] = True
    return hidden


def _classes(own: np.ndarray, first: int, speed: float, frames: int) -> np.ndarray:
    """Return the class of the recording's frame whose middle is nearest, for each frame played."""
    middles = first + (np.arange(frames) * HOP + WINDOW / 2) * speed
    nearest = np.round((middles - WINDOW / 2) / HOP).astype(np.int64)
    classes = np.full(frames, NONE, np.int16)
    known = (nearest >= 0) & (nearest < len(own))
    classes[known] = own[nearest[known]]
    return classes
