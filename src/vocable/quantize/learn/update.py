"""The update seam: how the entries of a codebook follow the vectors that choose them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vocable.quantize.health import count_codes, usable
from vocable.quantize.learn.replicas import sum_over_replicas


class Learner(nn.Module):
    """Keep what one level's learning must remember, in buffers, so that a checkpoint is exact."""

    counts: Tensor  # [size]: decayed mean of how many vectors chose an entry in a step

    def __init__(self, size: int, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("counts", torch.zeros(size, dtype=torch.float32))

    @torch.no_grad()
    def observe(self, entries: Tensor, x: Tensor, codes: Tensor) -> None:
        """Learn from vectors ``x`` `[rows, width]` that chose ``codes`` `[rows]`.

        Vectors that are NaN or infinite are left out: one of them would stay in the mean for good.
        """
        counts = sum_over_replicas(count_codes(codes, len(self.counts), usable(x)))
        self.counts.lerp_(counts, 1 - self.decay)

    @torch.no_grad()
    def set_entries(self, entries: Tensor, where: Tensor, vectors: Tensor, count: float) -> None:
        """Put ``vectors`` `[size, width]` into the entries that ``where`` `[size]` marks.

        All that is remembered of such an entry becomes that of one chosen ``count`` times a step,
        by vectors equal to it. Whatever writes entries calls this: an entry whose statistics were
        left as they were is overwritten from them at the next step.
        """
        entries.copy_(torch.where(where[:, None], vectors, entries))
        self.counts.masked_fill_(where, count)

    @torch.no_grad()
    def move_entries(self, entries: Tensor, vectors: Tensor) -> None:
        """Put ``vectors`` `[size, width]` into all entries, as if those that chose them were so.

        How often each was chosen stays.
        """
        entries.copy_(vectors)


class Update(ABC):
    """Make the learner of one level."""

    learned: bool  # whether the entries are a parameter, which the optimizer moves

    @abstractmethod
    def make(self, size: int, width: int) -> Learner:
        """Return a learner for entries `[size, width]`."""


@dataclass(frozen=True)
class Gradient(Update):
    """Entries that the optimizer moves, by the loss ``codebook``; only their use is counted."""

    decay: float = 0.99  # of the counts
    learned = True

    def make(self, size: int, width: int) -> Learner:
        return Learner(size, self.decay)


@dataclass(frozen=True)
class Ema(Update):
    """Entries that are decayed means of the vectors that chose them.

    "Neural Discrete Representation Learning" (van den Oord et al. 2017), appendix A.1. Differs: no
    Laplace smoothing; an entry that nothing chooses stays where it is.
    """

    decay: float = 0.99
    learned = False

    def make(self, size: int, width: int) -> Learner:
        return _EmaLearner(size, width, self.decay)


class _EmaLearner(Learner):
    sums: Tensor  # [size, width]: decayed mean of a step's sum of the vectors that chose an entry

    def __init__(self, size: int, width: int, decay: float) -> None:
        super().__init__(size, decay)
        self.register_buffer("sums", torch.zeros(size, width, dtype=torch.float32))

    @torch.no_grad()
    def observe(self, entries: Tensor, x: Tensor, codes: Tensor) -> None:
        super().observe(entries, x, codes)
        x = torch.where(usable(x)[:, None], x, 0.0)
        sums = sum_over_replicas(torch.zeros_like(self.sums).index_add_(0, codes, x))
        self.sums.lerp_(sums, 1 - self.decay)
        # Below this count the quotient is one of rounding errors: the entry stays as last chosen.
        known = (self.counts > 1e-8)[:, None]
        means = self.sums / self.counts.clamp(min=1e-8)[:, None]
        entries.copy_(torch.where(known, means, entries))

    @torch.no_grad()
    def set_entries(self, entries: Tensor, where: Tensor, vectors: Tensor, count: float) -> None:
        super().set_entries(entries, where, vectors, count)
        self.sums.copy_(torch.where(where[:, None], vectors * count, self.sums))

    @torch.no_grad()
    def move_entries(self, entries: Tensor, vectors: Tensor) -> None:
        super().move_entries(entries, vectors)
        self.sums.copy_(vectors * self.counts[:, None])
