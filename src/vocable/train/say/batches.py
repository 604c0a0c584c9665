"""Draw batches of utterances of like lengths, the same again after a resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vocable.language.say import Utterances
from vocable.train.data.segments import set_weights
from vocable.train.say.packed import PackedSpeech, Utterance

_POOL = 16  # batches that are drawn together, so that lengths in each are alike


class Batches:
    """An endless source of batches of about so many frames, padding among them.

    An utterance is drawn with a chance by its length and the weight of its set. The voice of each
    is heard in another utterance of the speaker, or in the same where there is none.
    """

    def __init__(
        self, speech: PackedSpeech, indices: Sequence[int], frames: int, reference: int,
        weights: Mapping[str, float], seed: int,
    ) -> None:  # fmt: skip
        self.speech, self.frames, self.reference = speech, frames, reference
        self.indices = np.array(indices)
        lengths = speech.arrays["frame_counts"][self.indices].astype(np.float64)
        sets = [str(each) for each in speech.arrays["sets"][self.indices]]
        chances = lengths * set_weights(dict(weights), sets)
        self._cumulative = np.cumsum(chances) / chances.sum()
        self._speakers: dict[str, list[int]] = {}
        for index in self.indices.tolist():
            self._speakers.setdefault(str(speech.arrays["speakers"][index]), []).append(index)
        self.random = np.random.default_rng(seed)
        self._pool: list[list[int]] = []

    def draw(self) -> Utterances:
        """Return the next batch."""
        if not self._pool:
            self._pool = self._draw_pool()
        return self.batch(self._pool.pop())

    def batch(self, indices: Sequence[int]) -> Utterances:
        """Return these utterances as a batch."""
        found = [self.speech[index] for index in indices]
        return batch_of(found, [self._reference(index) for index in indices])

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers, and what is drawn already."""
        return {"random": dict(self.random.bit_generator.state), "pool": self._pool}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.random.bit_generator.state = dict(state["random"])
        self._pool = [list(each) for each in state["pool"]]

    def _draw_pool(self) -> list[list[int]]:
        total, drawn, lengths = 0, [], self.speech.arrays["frame_counts"]
        while total < self.frames * _POOL:
            place = np.searchsorted(self._cumulative, self.random.random(), side="right")
            drawn.append(int(self.indices[min(int(place), len(self.indices) - 1)]))
            total += int(lengths[drawn[-1]])
        batches: list[list[int]] = [[]]
        for index in sorted(drawn, key=lambda each: (lengths[each], each)):
            if batches[-1] and lengths[index] * (len(batches[-1]) + 1) > self.frames:
                batches.append([])
            batches[-1].append(index)
        return [batches[k] for k in self.random.permutation(len(batches))]

    def _reference(self, index: int) -> np.ndarray:
        """Return up to `reference` frames of an utterance of the same speaker."""
        own = self._speakers.get(str(self.speech.arrays["speakers"][index]), [])
        others = [each for each in own if each != index] or [index]
        codes = self.speech[others[int(self.random.integers(len(others)))]].codes
        return part_of(codes, self.reference, self.random)


def part_of(codes: np.ndarray, frames: int, random: np.random.Generator) -> np.ndarray:
    """Return up to so many frames of codes `[time, levels]`, from a place that is drawn."""
    begin = int(random.integers(max(1, len(codes) - frames + 1)))
    return codes[begin : begin + frames]


def batch_of(found: Sequence[Utterance], references: Sequence[np.ndarray]) -> Utterances:
    """Return a batch; references: codes `[time, levels]` in which the voice of each is heard."""
    return Utterances(
        _padded([each.symbols for each in found]),
        torch.tensor([len(each.symbols) for each in found]),
        _padded([each.durations for each in found]),
        _padded([each.codes for each in found]),
        torch.tensor([len(each.codes) for each in found]),
        _padded(references),
        torch.tensor([len(each) for each in references]),
    )


def _padded(rows: Sequence[np.ndarray]) -> Tensor:
    """Return arrays of unequal lengths as one of int64, zeros behind each."""
    found = np.zeros((len(rows), max(map(len, rows)), *rows[0].shape[1:]), np.int64)
    for target, row in zip(found, rows, strict=True):
        target[: len(row)] = row
    return torch.from_numpy(found)
