"""Draw segments of recordings with their units, speakers and durations, again after a resume."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from vocable.errors import RecipeError
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import set_weights
from vocable.train.vocoder.kept import KeptUnits
from vocable.train.vocoder.recipe import VocoderData

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """sound: as long as its units last. speakers: numbers, or vectors. runs: units from the
    segment's first on, equal neighbours joined; durations: frames of each, 0 where a recording has
    no more.
    """

    sound: Float[Tensor, "batch 1 samples"]
    units: Int64[Tensor, "batch frames"]
    speakers: Int64[Tensor, " batch"] | Float[Tensor, "batch width"]
    runs: Int64[Tensor, "batch runs"]
    durations: Int64[Tensor, "batch runs"]

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(*(value.to(device) for value in vars(self).values()))


class UnitSegments:
    """An endless source of batches. A segment begins at any frame with equal chance.

    hop: samples of a frame in the recordings. speakers: who speaks in each, a number or a vector.
    RecipeError where no recording is as long as a segment.
    """

    def __init__(
        self,
        recordings: Recordings,
        units: KeptUnits,
        speakers: np.ndarray,
        data: VocoderData,
        *,
        frames: int,
        hop: int,
        seed: int,
    ) -> None:
        self.recordings, self.units, self.speakers, self.hop = recordings, units, speakers, hop
        self.batch, self.frames, self.runs = data.batch, frames, data.runs
        lengths = recordings.spans[:, 1] - recordings.spans[:, 0]
        counts = np.minimum(np.diff(units.edges), lengths // hop)
        self._places = np.maximum(counts - frames + 1, 0)  # where a segment can begin
        chances = self._places * set_weights(data.weights, recordings.sets)
        if not chances.any():
            raise RecipeError(
                f"no recording to train on is as long as a segment, data.segment = {data.segment} s"
            )
        if short := int((self._places == 0).sum()):
            _log.warning("%d of %d recordings are shorter than a segment", short, len(counts))
        self._cumulative = np.cumsum(chances) / np.sum(chances)
        self.random = np.random.default_rng(seed)

    def draw(self) -> Batch:
        """Return the next batch."""
        return batch_of([self._segment() for _ in range(self.batch)])

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers."""
        return dict(self.random.bit_generator.state)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.random.bit_generator.state = dict(state)

    def _segment(self) -> tuple[Any, ...]:
        index = int(np.searchsorted(self._cumulative, self.random.random(), side="right"))
        index = min(index, len(self._cumulative) - 1)
        first = int(self.random.integers(self._places[index]))
        begin = int(self.recordings.spans[index, 0]) + first * self.hop
        sound = self.recordings.cut(begin, begin + self.frames * self.hop)
        units = self.units.of(index)
        runs = runs_from(units, first, self.runs)
        return sound, units[first : first + self.frames], self.speakers[index], *runs


def runs_from(units: np.ndarray, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` runs of equal units, from that of frame `first` on, and their frames.

    Where there are fewer, unit 0 with a duration of 0 fills the rest.
    """
    begins = np.concatenate([[0], np.flatnonzero(np.diff(units)) + 1])
    at = int(np.searchsorted(begins, first, side="right")) - 1
    own = begins[at : at + count]
    ends = np.concatenate([begins[at + 1 : at + len(own)], begins[at + len(own) :][:1]])
    ends = np.concatenate([ends, [len(units)]])[: len(own)]
    found, durations = np.zeros(count, np.int64), np.zeros(count, np.int64)
    found[: len(own)], durations[: len(own)] = units[own], ends - own
    return found, durations


def batch_of(segments: Sequence[tuple[Any, ...]]) -> Batch:
    """Return segments as a batch."""
    sound, units, speakers, runs, durations = (
        torch.from_numpy(np.stack(each)) for each in zip(*segments, strict=True)
    )
    return Batch(sound, units.long(), speakers, runs, durations)
