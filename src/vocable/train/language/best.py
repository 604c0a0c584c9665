"""The weights that held-out tokens liked best, and how many evaluations ago that was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class Best:
    """Keeps the weights of the evaluation with the fewest bits. waited: how many came after it."""

    def __init__(self) -> None:
        self.bits, self.waited, self._step = float("inf"), 0, -1
        self._weights: dict[str, Tensor] = {}

    def add(self, step: int, bits: float, model: nn.Module) -> None:
        """Note an evaluation."""
        if step <= self._step:  # again, at the end of a resumed run
            return
        self._step, self.waited = step, self.waited + 1
        if bits < self.bits:
            self.bits, self.waited = bits, 0
            self._weights = {
                name: value.detach().cpu().clone() for name, value in model.named_parameters()
            }

    def put_into(self, model: nn.Module) -> None:
        """Give a model these weights, if there was an evaluation."""
        own = dict(model.named_parameters())
        for name, value in self._weights.items():
            own[name].data.copy_(value)

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes."""
        return {
            "bits": self.bits, "waited": self.waited, "step": self._step,
            "weights": dict(self._weights),
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.bits, self.waited, self._step = state["bits"], state["waited"], state["step"]
        self._weights = dict(state["weights"])
