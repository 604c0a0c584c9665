"""Early stopping: the weights that held-out speech liked best, and how long ago that was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class Best:
    """Keeps the best weights of a run, and every evaluation's bits by its step."""

    def __init__(self) -> None:
        self.bits: dict[int, float] = {}
        self._weights: dict[str, Tensor] = {}

    @property
    def step(self) -> int:
        """The step of the fewest bits; -1 before the first evaluation."""
        return min(self.bits, key=self.bits.__getitem__, default=-1)

    @property
    def waited(self) -> int:
        """How many evaluations came after the best one."""
        return sum(step > self.step for step in self.bits)

    def add(self, step: int, bits: float, model: nn.Module) -> None:
        """Note an evaluation, and keep the weights if none was better."""
        if self.bits and step <= max(self.bits):  # again, at the end of a resumed run
            return
        self.bits[step] = bits
        if self.step == step:
            self._weights = {
                name: value.detach().cpu().clone() for name, value in learnt(model).items()
            }

    def put_into(self, model: nn.Module) -> None:
        """Give a model the best weights, if there was an evaluation."""
        own = learnt(model)
        for name, value in self._weights.items():
            own[name].data.copy_(value)

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes."""
        return {"bits": dict(self.bits), "weights": dict(self._weights)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.bits, self._weights = dict(state["bits"]), dict(state["weights"])


def learnt(model: nn.Module) -> dict[str, Tensor]:
    """Return the parameters of a model by name."""
    return dict(model.named_parameters())
