"""Balance losses by their gradients at the output, so that each weight is a share of it.

"High Fidelity Neural Audio Compression" (Défossez et al. 2022), section 3.4: the gradient g of each
loss at the decoded audio becomes `weight / sum of weights · g / mean norm of g`, the mean over time
being exponential. Losses that are not of the output (commitment) keep their weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

DECAY = 0.999


class Balancer:
    """Weigh losses by shares of the gradient; `norms` is its state."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = weights
        self.norms: dict[str, tuple[float, float]] = {}  # loss: decayed sum of norms, of ones

    def total(self, losses: Mapping[str, Tensor], output: Tensor) -> Tensor:
        """Return a scalar whose gradient at `output` is the balanced one."""
        share = sum(self.weights[name] for name in losses)
        balanced = torch.zeros_like(output)
        for name, loss in losses.items():
            (gradient,) = torch.autograd.grad(loss, output, retain_graph=True)
            norm = float(gradient.flatten(1).norm(dim=1).mean())
            balanced += self.weights[name] / share * gradient / max(self._mean(name, norm), 1e-12)
        return (output * balanced).sum()

    def _mean(self, name: str, norm: float) -> float:
        total, count = self.norms.get(name, (0.0, 0.0))
        total, count = DECAY * total + norm, DECAY * count + 1
        self.norms[name] = (total, count)
        return total / count
