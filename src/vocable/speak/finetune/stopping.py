"""Early stopping: the weights that held-out speech liked best, and how long ago that was.

Fewest bits decide, and among evaluations that hardly differ in them, the voice: one takes the place
of the kept one where its speech is more like the voice and its bits are less than 1 % above the
fewest, or where the kept one's no longer are. So what is kept has bits within 1 % of the fewest,
and is no less like the voice than the evaluation that had these. Without likeness it is that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from vocable.speak.finetune.verdicts import WORSE, Scores
from vocable.train.kept import Kept


class Best:
    """Keeps the best weights of a run, and every evaluation's bits and likeness by its step.

    step: that of the weights that are kept; -1 before the first evaluation.
    """

    def __init__(self) -> None:
        self.bits: dict[int, float] = {}
        self.likeness: dict[int, float] = {}
        self.step = -1
        self._kept = Kept()

    @property
    def waited(self) -> int:
        """How many evaluations came after the last with fewest bits, and the kept one."""
        fewest = min(self.bits, key=self.bits.__getitem__, default=-1)
        return sum(step > max(fewest, self.step) for step in self.bits)

    def add(self, step: int, scores: Scores, model: nn.Module) -> None:
        """Note an evaluation, and keep the weights if none was better."""
        if self.bits and step <= max(self.bits):  # again, at the end of a resumed run
            return
        self.bits[step] = scores.bits
        if scores.likeness is not None:
            self.likeness[step] = scores.likeness
        if self._is_better(step):
            self.step = step
            self._kept.keep(model)

    def _is_better(self, step: int) -> bool:
        """Whether an evaluation takes the place of the kept one."""
        if self.step < 0:
            return True
        if step not in self.likeness:
            return self.bits[step] < self.bits[self.step]
        most = WORSE * min(self.bits.values())
        alike = self.likeness[step] > self.likeness[self.step]
        return self.bits[self.step] > most or (alike and self.bits[step] <= most)

    def put_into(self, model: nn.Module) -> None:
        """Give a model the best weights, if there was an evaluation."""
        self._kept.put_into(model)

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes."""
        return {
            "bits": dict(self.bits),
            "likeness": dict(self.likeness),
            "step": self.step,
            "weights": dict(self._kept.weights),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.bits, self.likeness = dict(state["bits"]), dict(state["likeness"])
        self.step, self._kept.weights = state["step"], dict(state["weights"])
