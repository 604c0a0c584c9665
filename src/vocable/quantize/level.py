"""One level of vector quantization: a codebook, how often it is used in time, how it learns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.codebook import Codebook, Parametrisation
from vocable.quantize.health import count_codes, usable
from vocable.quantize.learn.estimator import Estimator
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.losses import Assigned
from vocable.quantize.learn.revival import Revival
from vocable.quantize.learn.update import Learner, Update


@dataclass(frozen=True)
class LevelStep:
    """What one level makes of a batch of residuals."""

    value: Tensor  # [batch, frames, dim]: with gradient to the level's projections only
    codes: Tensor  # [batch, tokens]
    counts: Tensor  # [size]: how often each entry was chosen, by usable vectors
    losses: dict[str, Tensor]  # per item, [batch]
    sought: Tensor  # [batch, tokens, width]
    chosen: Tensor  # [batch, tokens, width], with gradient to entries that have one


class CodebookLevel(nn.Module):
    """Quantize residuals `[batch, frames, dim]` by one codebook, one token every ``stride`` frames.

    A token of a coarse level stands for the mean of its frames, and for each of them when decoded
    (SNAC). Without ``update`` the level is frozen and holds nothing but its codebook.
    """

    def __init__(
        self,
        dim: int,
        size: int,
        codebook: Parametrisation,
        update: Update | None,
        revival: Revival | None,
        estimator: Estimator,
        stride: int = 1,
    ) -> None:
        super().__init__()
        learned = update is not None and update.learned
        self.codebook: Codebook = codebook.make(dim, size, learned)
        if update is not None and not self.codebook.written and (revival or not learned):
            raise ModelError(
                f"entries of {type(codebook).__name__} are not written one by one; give "
                "update=Gradient() and revival=None"
            )
        self.learner: Learner | None = None
        if update is not None:
            self.learner = update.make(size, self.codebook.width)
        self.revival = revival
        self.estimator = estimator
        self.learned = learned
        self.stride = stride

    def encode(self, residual: Tensor) -> Tensor:
        """Return the codes `[batch, tokens]` of ``residual``."""
        return self.codebook.search(self.query(residual))

    def decode(self, codes: Tensor) -> Tensor:
        """Return what ``codes`` `[batch, tokens]` stand for, `[batch, frames, dim]`."""
        return self._spread(self.codebook.value(F.embedding(codes, self.codebook.entries)))

    def query(self, residual: Tensor) -> Tensor:
        """Return what is searched for, `[batch, tokens, width]`."""
        return self.codebook.query(self._pooled(residual))

    def forward(self, residual: Tensor, codes: Tensor | None = None) -> LevelStep:
        """Quantize with losses and, in training mode, learn; codes: those that are found."""
        pooled = self._pooled(residual)
        x = self.codebook.query(pooled)
        codes = self.codebook.search(x) if codes is None else codes
        chosen = F.embedding(codes, self.codebook.entries)
        losses = {"commitment": _distance(x, chosen.detach())}
        known = usable(x)
        if self.learned:  # the entries stay finite, even if an optimizer follows a bad batch
            sought = torch.where(known[..., None], x.detach(), chosen.detach())
            losses["codebook"] = _distance(sought, chosen)
        value = self._spread(self._value(pooled, chosen.detach()))
        if self.training and self.learner is not None:
            self._learn(self.learner, x.detach().flatten(0, 1), codes.flatten())
        counts = count_codes(codes, self.codebook.size, known)
        return LevelStep(value, codes, counts, losses, x, chosen)

    def assigned(self, step: LevelStep) -> Assigned:
        """Return what losses of the whole codebook ask of a step."""
        value = self._spread(self.codebook.value(step.chosen))
        return Assigned(step.sought, self.codebook.entries, value)

    @torch.no_grad()
    def start_learning(self, residual: Tensor, how: KMeans, per_step: int) -> None:
        """Put the entries at cluster centres of ``residual`` `[rows, dim]`.

        ``per_step`` is how many vectors a training step will bring.
        """
        self.codebook.start(self._pooled(residual[None])[0], how)
        self.resume_learning(per_step)

    @torch.no_grad()
    def resume_learning(self, per_step: int) -> None:
        """Let learning go on from the entries as they are, each as if chosen equally often."""
        if self.learner is not None:
            entries = self.codebook.entries
            everywhere = torch.ones(len(entries), dtype=torch.bool, device=entries.device)
            count = per_step / self.stride / len(entries)
            self.learner.set_entries(entries, everywhere, entries.clone(), count)

    def _pooled(self, residual: Tensor) -> Tensor:
        return (
            residual if self.stride == 1 else residual.unfold(1, self.stride, self.stride).mean(-1)
        )

    def _spread(self, value: Tensor) -> Tensor:
        return value if self.stride == 1 else value.repeat_interleave(self.stride, dim=1)

    def _value(self, residual: Tensor, chosen: Tensor) -> Tensor:
        """Return the decoded entries; projections have an estimator inside, between the two."""
        if self.codebook.projected and torch.is_grad_enabled():
            chosen = self.estimator(self.codebook.query(residual), chosen)
        return self.codebook.value(chosen)

    def _learn(self, learner: Learner, x: Tensor, codes: Tensor) -> None:
        learner.observe(self.codebook.entries, x, codes)
        if self.revival is not None:
            self.revival.step(learner, self.codebook.entries, x)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean squared difference per item, `[batch]`."""
    return (a - b).square().mean(dim=(1, 2))
