"""The revival seam: what happens to entries that nothing chooses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from vocable.quantize.health import usable
from vocable.quantize.learn.replicas import from_first_replica, gather_rows, replicas
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


@dataclass(frozen=True)
class Cluster(Revival):
    """Move entries to vectors of the batch, the more the less often they are chosen.

    "Online Clustered Codebook" (Zheng & Vedaldi 2023, arXiv:2307.15139), as ERVQ has it. A vector
    is drawn for each entry, near ones most likely, and the entry goes ``exp(-rate · n)`` of the way
    to it, where n is how often it is chosen over the mean, in units of ``1 - decay`` of the update:
    entries in use hardly move. Differs: vectors of all replicas are drawn from.
    """

    rate: float = 10.0

    @torch.no_grad()
    def step(self, learner: Learner, entries: Tensor, x: Tensor) -> None:
        rows = gather_rows(x)
        known = usable(rows)
        rows = torch.where(known[:, None], rows, 0.0)
        near = 2 * entries @ rows.T - rows.square().sum(1)  # softmax: what the entry adds cancels
        chances = near.masked_fill(~known, -torch.inf).softmax(1).nan_to_num(0.0)
        drawn = torch.multinomial(chances + torch.finfo(chances.dtype).tiny, 1)[:, 0]
        anchors = from_first_replica(rows[drawn])
        share = learner.counts / learner.counts.sum().clamp(min=1e-8) * len(entries)
        way = (-self.rate * share / (1 - learner.decay) - 1e-3).exp() * known.any()
        learner.move_entries(entries, entries.lerp(anchors, way[:, None]))
