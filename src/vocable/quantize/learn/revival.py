"""The revival seam: what happens to entries that nothing chooses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from vocable.quantize.health import usable
from vocable.quantize.learn.replicas import from_first_replica, replicas
from vocable.quantize.learn.update import Learner


class Revival(ABC):
    """Bring dead entries of one level back, after each training step."""

    @abstractmethod
    def step(self, learner: Learner, entries: Tensor, x: Tensor) -> None:
        """Replace dead rows of ``entries`` `[size, width]`; ``x`` are the step's vectors."""


@dataclass(frozen=True)
class Expire(Revival):
    """Replace entries chosen less than ``below`` times the mean by random vectors of the batch.

    SoundStream (Zeghidour et al. 2021), with the threshold relative to the mean, as in Moshi. A
    revived entry counts as chosen as often as the mean one: if less, it would expire again before
    it is found; if more, a dead one would go unnoticed for hundreds of steps.
    """

    below: float = 0.1

    @torch.no_grad()
    def step(self, learner: Learner, entries: Tensor, x: Tensor) -> None:
        size = entries.shape[0]
        # Drawn at every step, dead entries or not: nothing then waits for the device to say which.
        picks = torch.randint(x.shape[0], (size,), device=x.device)
        vectors = from_first_replica(x[picks])
        dead = learner.counts < self.below * learner.counts.mean()
        dead &= usable(vectors)  # the others wait for a better one
        learner.set_entries(entries, dead, vectors, x.shape[0] * replicas() / size)
