"""Draw excerpts of recordings and say what is heard in them, the same again after a resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from vocable.train.data.effects import colour, resize
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import set_weights
from vocable.train.data.tables import Augment, Data
from vocable.train.units.labels import NONE, frame_count, frame_counts
from vocable.units.log_mel_frames import HOP, WINDOW


@dataclass(frozen=True)
class Excerpt:
    """A batch: samples, and for each frame the recording that it is of, and its frame there.

    Recording -1: none, as where two recordings meet; its frame is 0.
    """

    samples: Float[Tensor, "batch time"]
    recordings: Int64[np.ndarray, "batch frames"]
    frames: Int64[np.ndarray, "batch frames"]


class Excerpts:
    """An endless source of batches. A place is drawn with equal chance for each second of audio.

    An excerpt that a recording does not fill goes on with another one. Played faster or slower, it
    keeps the frames of what is heard: voices change, and what they say does not.
    """

    def __init__(self, recordings: Recordings, data: Data, augment: Augment, seed: int) -> None:
        self.recordings, self.augment = recordings, augment
        self.batch, self.samples = data.batch, round(data.segment * recordings.rate)
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        self._chances = lengths * set_weights(data.weights, recordings.sets)
        self._counts = frame_counts(recordings)
        self.random = np.random.default_rng(seed)

    def draw(self, among: Bool[np.ndarray, " recordings"] | None = None) -> Excerpt:
        """Return the next batch, of the recordings `among` all."""
        cumulative = np.cumsum(self._chances if among is None else self._chances * among)
        cumulative /= cumulative[-1]
        drawn = [self._excerpt(cumulative) for _ in range(self.batch)]
        samples, recordings, frames = (np.stack(each) for each in zip(*drawn, strict=True))
        return Excerpt(torch.from_numpy(samples), recordings, frames)

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers."""
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.random.bit_generator.state = dict(state)

    def _excerpt(self, cumulative: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        samples = np.zeros(self.samples, np.float32)
        count = frame_count(self.samples)
        recordings, frames = np.full(count, NONE, np.int64), np.zeros(count, np.int64)
        filled = 0
        while self.samples - filled >= WINDOW:
            index, part, own = self._part(cumulative, self.samples - filled)
            if not len(part):
                continue
            samples[filled : filled + len(part)] = part
            first = -(-filled // HOP)  # frames that begin in the part before hear both: of none
            own = own[: count - first]
            here = slice(first, first + len(own))
            recordings[here] = np.where(own >= 0, index, NONE)
            frames[here] = np.maximum(own, 0)
            filled = first * HOP + len(part)
        return self._altered(samples), recordings, frames

    def _part(self, cumulative: np.ndarray, most: int) -> tuple[int, np.ndarray, np.ndarray]:
        """Return a recording, up to `most` samples of it, and which of its frames they hold."""
        index = int(np.searchsorted(cumulative, self.random.random(), side="right"))
        index = min(index, len(cumulative) - 1)
        begin, end = (int(each) for each in self.recordings.spans[index])
        slow, fast = np.log(self.augment.speed)
        speed = float(np.exp(self.random.uniform(slow, fast)))
        wanted = min(round(most * speed), end - begin)
        first = HOP * int(self.random.integers((end - begin - wanted) // HOP + 1))
        part = self.recordings.cut(begin + first, begin + first + wanted)
        played = resize(part, min(most, round(wanted / speed)))[0]
        frames = _nearest_frames(first, speed, frame_count(len(played)))
        return index, played, np.where(frames < self._counts[index], frames, NONE)

    def _altered(self, samples: np.ndarray) -> np.ndarray:
        samples = colour(samples[None], self.recordings.rate, self.augment, self.random)[0]
        gain = 10 ** (self.random.uniform(*self.augment.gain_db) / 20)
        return samples * np.float32(min(gain, 1 / (float(np.abs(samples).max()) + 1e-9)))


def _nearest_frames(first: int, speed: float, frames: int) -> np.ndarray:
    """Return the frame of the recording whose middle is nearest, for each frame played."""
    middles = first + (np.arange(frames) * HOP + WINDOW / 2) * speed
    return np.round((middles - WINDOW / 2) / HOP).astype(np.int64)
