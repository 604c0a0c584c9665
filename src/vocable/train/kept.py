"""Weights of a model as they once were, to give them back at the end of a run."""

from __future__ import annotations

from torch import Tensor, nn


class Kept:
    """Copies of parameters by name; none before the first `keep`."""

    def __init__(self) -> None:
        self.weights: dict[str, Tensor] = {}

    def keep(self, model: nn.Module) -> None:
        """Copy a model's parameters, in place of those before."""
        self.weights = {
            name: value.detach().cpu().clone() for name, value in model.named_parameters()
        }

    def put_into(self, model: nn.Module) -> None:
        """Give a model these weights, if any were kept."""
        own = dict(model.named_parameters())
        for name, value in self.weights.items():
            own[name].data.copy_(value)
