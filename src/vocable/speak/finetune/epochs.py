"""The order in which rows are learnt: each once an epoch, in batches of like lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_POOL = 8  # batches that are drawn together, so that lengths in each are alike


class Epochs:
    """An endless source of batches of indices, the same again after a resume."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self.lengths, self.batch = np.asarray(lengths), batch
        self._random = np.random.default_rng(seed)
        self._waiting: list[list[int]] = []

    def draw(self) -> list[int]:
        """Return the rows of the next batch."""
        if not self._waiting:
            self._waiting = self._epoch()
        return self._waiting.pop()

    def state(self) -> dict[str, Any]:
        """Return the position of the random numbers, and what is drawn already."""
        return {"random": dict(self._random.bit_generator.state), "waiting": self._waiting}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.bit_generator.state = dict(state["random"])
        self._waiting = [list(each) for each in state["waiting"]]

    def _epoch(self) -> list[list[int]]:
        order = self._random.permutation(len(self.lengths))
        pool, batches = self.batch * _POOL, []
        for start in range(0, len(order), pool):
            alike = sorted(order[start : start + pool].tolist(), key=self.lengths.__getitem__)
            batches += [alike[at : at + self.batch] for at in range(0, len(alike), self.batch)]
        return [batches[at] for at in self._random.permutation(len(batches))]
