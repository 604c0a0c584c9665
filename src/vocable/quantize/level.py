"""One level of vector quantization: a codebook, and how it learns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vocable.quantize.codebook import Codebook, Parametrisation
from vocable.quantize.learn.estimator import Estimator
from vocable.quantize.learn.revival import Revival
from vocable.quantize.learn.start import KMeans, kmeans
from vocable.quantize.learn.update import Learner, Update


@dataclass(frozen=True)
class LevelStep:
    """What one level makes of a batch of residuals."""

    value: Tensor  # [batch, frames, dim]: with gradient to the level's projections only
    codes: Tensor  # [batch, frames]
    losses: dict[str, Tensor]  # per item, [batch]


class Level(nn.Module):
    """Quantize residuals `[batch, frames, dim]` by one codebook.

    Without ``update`` the level is frozen and holds nothing but its codebook.
    """

    def __init__(
        self,
        dim: int,
        size: int,
        codebook: Parametrisation,
        update: Update | None,
        revival: Revival | None,
        estimator: Estimator,
    ) -> None:
        super().__init__()
        learned = update is not None and update.learned
        self.codebook: Codebook = codebook.make(dim, size, learned)
        self.learner: Learner | None = None
        if update is not None:
            self.learner = update.make(size, self.codebook.width)
        self.revival = revival
        self.estimator = estimator
        self.learned = learned

    def encode(self, residual: Tensor) -> Tensor:
        """Return the codes `[batch, frames]` of ``residual``."""
        return self.codebook.search(self.codebook.query(residual))

    def decode(self, codes: Tensor) -> Tensor:
        """Return what ``codes`` `[batch, frames]` stand for, `[batch, frames, dim]`."""
        return self.codebook.value(F.embedding(codes, self.codebook.entries))

    def forward(self, residual: Tensor) -> LevelStep:
        """Quantize with losses and, in training mode, learn."""
        x = self.codebook.query(residual)
        codes = self.codebook.search(x)
        chosen = F.embedding(codes, self.codebook.entries)
        losses = {"commitment": _distance(x, chosen.detach())}
        if self.learned:
            losses["codebook"] = _distance(x.detach(), chosen)
        value = self._value(residual, chosen.detach())
        if self.training and self.learner is not None:
            self._learn(self.learner, x.detach().flatten(0, 1), codes.flatten())
        return LevelStep(value, codes, losses)

    @torch.no_grad()
    def start(self, residual: Tensor, how: KMeans, per_step: int) -> None:
        """Put the entries at cluster centres of ``residual`` `[rows, dim]`.

        ``per_step`` is how many vectors a training step will bring.
        """
        centres = kmeans(self.codebook.query(residual), self.codebook.size, how.iterations)
        self.codebook.entries.copy_(centres)
        self.start_here(per_step)

    @torch.no_grad()
    def start_here(self, per_step: int) -> None:
        """Let learning start from the entries as they are, each as if chosen equally often."""
        if self.learner is not None:
            entries = self.codebook.entries
            everywhere = torch.ones(len(entries), dtype=torch.bool, device=entries.device)
            self.learner.place(entries, everywhere, entries.clone(), per_step / len(entries))

    def _value(self, residual: Tensor, chosen: Tensor) -> Tensor:
        """Return the decoded entries; projections learn by an estimator inside, between the two."""
        if self.codebook.projected and torch.is_grad_enabled():
            chosen = self.estimator(self.codebook.query(residual.detach()), chosen)
        return self.codebook.value(chosen)

    def _learn(self, learner: Learner, x: Tensor, codes: Tensor) -> None:
        learner.observe(self.codebook.entries, x, codes)
        if self.revival is not None:
            self.revival.step(learner, self.codebook.entries, x)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean squared difference per item, `[batch]`."""
    return (a - b).square().mean(dim=(1, 2))
