"""What every goal of a probe offers: targets to learn, a loss, and answers that are judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from vocable.evaluate.intervals import Interval, ratio_interval
from vocable.evaluate.probes.example import Example
from vocable.evaluate.probes.inputs import Heard, Input


@dataclass(frozen=True)
class Answer:
    """What a probe said of one example.

    owner    of the example
    counts   by measure: how much of it is right (or wrong), of how much
    voice    the vector that the head found, where trials of voices need it
    """

    owner: str
    counts: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    voice: np.ndarray | None = None


class Learnt(ABC):
    """A goal whose classes are known from the train part."""

    outputs: int

    @abstractmethod
    def target(self, example: Example, shown: Heard) -> Any:
        """Return what is to be learnt of an example."""

    @abstractmethod
    def loss(self, outputs: Tensor, lengths: Sequence[int], targets: Sequence[Any]) -> Tensor:
        """Return the mean loss of a batch of outputs `[batch, (frames,) outputs]`."""

    @abstractmethod
    def answer(self, example: Example, shown: Heard, output: np.ndarray) -> Answer:
        """Return what an output says of an example of the test."""

    @abstractmethod
    def usual_answer(self, example: Example, shown: Heard) -> Answer:
        """Return the answer without hearing: what is commonest in train."""


@dataclass(frozen=True)
class Goal(ABC):
    """What is to be told of examples.

    measures   by name, whether higher is better; the first one is that of tables
    whole      whether there is one answer for each recording, rather than for each frame
    """

    @property
    @abstractmethod
    def measures(self) -> dict[str, bool]: ...

    @property
    def whole(self) -> bool:
        return True

    @abstractmethod
    def learn(self, train: Sequence[Example], source: Input) -> Learnt:
        """Return the goal with the classes of train."""

    def judge(self, answers: Sequence[Answer]) -> dict[str, Interval]:
        """Return each measure over all answers that have it, its interval over owners."""
        found = {}
        for measure in self.measures:
            own = [each for each in answers if measure in each.counts]
            if own:
                counts = np.array([each.counts[measure] for each in own], np.float64)
                owners = [each.owner for each in own]
                found[measure] = ratio_interval(counts[:, 0], counts[:, 1], owners)
        return found
