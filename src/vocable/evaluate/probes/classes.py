"""Goals with one answer for each recording: a class, or a voice that is told from others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vocable.errors import MeasureError
from vocable.evaluate.intervals import Interval
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.goal import Answer, Goal, Learnt
from vocable.evaluate.probes.inputs import Heard, Input
from vocable.evaluate.speakers import verify

ACCURACY, EQUAL_ERROR = "accuracy", "equal error rate"


@dataclass(frozen=True)
class Classify(Goal):
    """Tell the label of each recording; an answer of a class that train lacks is wrong."""

    @property
    def measures(self) -> dict[str, bool]:
        return {ACCURACY: True}

    def learn(self, train: Sequence[Example], source: Input) -> Learnt:
        return LearntClasses([each.label for each in train])


@dataclass(frozen=True)
class Verify(Goal):
    """Learn to tell the speakers of train, then tell voices of others apart by the head's vector.

    Trials are all pairs of recordings of the test; the score is the cosine.
    """

    @property
    def measures(self) -> dict[str, bool]:
        return {EQUAL_ERROR: False}

    def learn(self, train: Sequence[Example], source: Input) -> Learnt:
        return LearntClasses([each.label for each in train])

    def judge(self, answers: Sequence[Answer]) -> dict[str, Interval]:
        voices = np.stack([each.voice for each in answers if each.voice is not None])
        voices = voices.astype(np.float64)
        if not np.any(voices):  # nobody was heard: chance
            return {EQUAL_ERROR: Interval(0.5, float("nan"), float("nan"))}
        voices = voices / np.maximum(np.linalg.norm(voices, axis=1, keepdims=True), 1e-12)
        found = verify(voices, voices, [each.owner for each in answers])
        if found is None:
            raise MeasureError("verification needs two speakers, one of them with two recordings")
        return {EQUAL_ERROR: found.interval}


class LearntClasses(Learnt):
    """Classes by name."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.names = sorted(set(labels))
        if len(self.names) < 2:
            raise MeasureError(
                f"a probe needs two classes or more in train, got {self.names or 'none'}"
            )
        self.outputs = len(self.names)
        self._usual = Counter(labels).most_common(1)[0][0]
        self._number = {name: k for k, name in enumerate(self.names)}

    def target(self, example: Example, shown: Heard) -> int:
        """Return the number of the class; -1 for one that train lacks, which is left out."""
        return self._number.get(example.label, -1)

    def loss(self, outputs: Tensor, lengths: Sequence[int], targets: Sequence[Any]) -> Tensor:
        wanted = torch.tensor(targets, device=outputs.device)
        if not (wanted >= 0).any():
            return outputs.sum() * 0
        return torch.nn.functional.cross_entropy(
            outputs, wanted, ignore_index=-1, label_smoothing=0.1
        )

    def answer(self, example: Example, shown: Heard, output: np.ndarray) -> Answer:
        return self._said(example, self.names[int(output.argmax())])

    def usual_answer(self, example: Example, shown: Heard) -> Answer:
        chosen = self._said(example, self._usual)
        return Answer(chosen.owner, chosen.counts, np.zeros(1))

    def _said(self, example: Example, name: str) -> Answer:
        return Answer(example.owner, {ACCURACY: (float(name == example.label), 1.0)})
