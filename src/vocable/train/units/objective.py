"""What a run asks of the encoder: one interface for all objectives, and what they answer in.

An objective is one small file. It says which parts the network has for it alone, draws a question
with each excerpt, and asks it; excerpts, the loop, the log and the units at the end are the same
for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.train.data.recordings import Recordings
from vocable.train.distributed import Distributed
from vocable.train.units.excerpts import Excerpt
from vocable.train.units.network import UnitsNetwork
from vocable.units.streaming import StreamingUnits


@dataclass(frozen=True)
class Question:
    """A batch of sound; an objective's own questions say what is asked of it."""

    samples: Float[Tensor, "batch time"]


Asked = TypeVar("Asked", bound=Question)


def moved(question: Asked, device: torch.device) -> Asked:
    """Return a question with its tensors on a device."""
    tensors = {k: v.to(device) for k, v in vars(question).items() if isinstance(v, Tensor)}
    return replace(question, **tensors)


@dataclass(frozen=True)
class Answers:
    """What came of a question.

    losses   by name, unweighted scalars
    right    by name, how many answers were right, and of how many
    """

    losses: dict[str, Tensor]
    right: dict[str, tuple[Tensor, Tensor]]


class Tally:
    """Counts answers; `shares` says which part of them was right."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[float, float]] = {}

    def add(self, answers: Answers) -> None:
        """Count the answers to a question."""
        for name, pair in answers.right.items():
            before = self._counts.get(name, (0.0, 0.0))
            self._counts[name] = before[0] + float(pair[0]), before[1] + float(pair[1])

    def shares(self) -> dict[str, float]:
        """Return `NAME_right`, the share of right answers, of all that was counted."""
        return {f"{name}_right": right / max(of, 1) for name, (right, of) in self._counts.items()}


class Objective(ABC, Generic[Asked]):
    """A way to learn. It holds no weights: `parts` does, so that a running average is asked too.

    weights   of the losses, by name
    """

    weights: Mapping[str, float]

    @abstractmethod
    def parts(self, units: StreamingUnits, layers: int) -> nn.Module:
        """Return what the network has for this alone; it is not exported.

        layers: blocks of the network. RecipeError for a recipe that does not fit the encoder.
        """

    def open(
        self,
        recordings: Mapping[str, Recordings],
        folder: Path,
        distributed: Distributed,
        network: UnitsNetwork,
    ) -> None:
        """Get to know the recordings, "train" and "held_out", and a folder to keep things in."""
        return  # not all need them

    def among(self, name: str, steps: float) -> Bool[np.ndarray, " recordings"] | None:
        """Return of which recordings `name` it asks, at so many steps; None: of all."""
        return None

    @abstractmethod
    def draw(self, excerpt: Excerpt, name: str, steps: float, random: np.random.Generator) -> Asked:
        """Return what is asked of an excerpt of the recordings `name`, at so many steps.

        All chance comes from `random`, which goes on where it was after a resume.
        """

    @abstractmethod
    def ask(self, network: UnitsNetwork, question: Asked) -> Answers:
        """Return a network's answers; `question` is on its device."""

    def facts(self, steps: float) -> dict[str, Any]:
        """Return what else the log says, at so many steps."""
        return {}
