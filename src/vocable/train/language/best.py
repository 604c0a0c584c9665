"""The weights that held-out tokens liked best, and how many evaluations ago that was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from vocable.train.kept import Kept


class Best:
    """Keeps the weights of the evaluation with the fewest bits. waited: how many came after it."""

    def __init__(self) -> None:
        self.bits, self.waited, self._step = float("inf"), 0, -1
        self._kept = Kept()

    def add(self, step: int, bits: float, model: nn.Module) -> None:
        """Note an evaluation."""
        if step <= self._step:  # again, at the end of a resumed run
            return
        self._step, self.waited = step, self.waited + 1
        if bits < self.bits:
            self.bits, self.waited = bits, 0
            self._kept.keep(model)

    def put_into(self, model: nn.Module) -> None:
        """Give a model these weights, if there was an evaluation."""
        self._kept.put_into(model)

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes."""
        return {
            "bits": self.bits, "waited": self.waited, "step": self._step,
            "weights": dict(self._kept.weights),
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.bits, self.waited, self._step = state["bits"], state["waited"], state["step"]
        self._kept.weights = dict(state["weights"])
