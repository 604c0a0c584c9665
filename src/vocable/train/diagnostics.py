"""Say of each report whether the run goes well, and find what makes a gradient not finite.

The task finds the problems (`Task.diagnose`); they are named here once they have lasted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vocable.train.task import Problem, Task

_log = logging.getLogger(__name__)
HEALTHY = "healthy"
PATIENCE = 2  # reports in a row before a problem is named
NONFINITE_REMEDY = "half of optimizer.lr, or optimizer.clip = 0.5"


class Verdicts:
    """The verdict on each report: a problem is named when it has lasted `PATIENCE` reports.

    It must also have lasted as many steps as it says itself. Up to the step `warmup` every run
    counts as healthy.
    """

    def __init__(self, warmup: int) -> None:
        self.warmup = warmup
        self._lasting: dict[str, list[int]] = {}  # problem: the steps of its reports in a row
        self._last = HEALTHY

    def verdict(self, step: int, problems: Sequence[Problem]) -> str:
        """Return "healthy", or what is wrong and what to do; a new verdict is logged too."""
        found = problems if step > self.warmup else ()
        self._lasting = {p.name: [*self._lasting.get(p.name, ()), step] for p in found}
        named = [p.text for p in found if self._has_lasted(p)]
        verdict = "; ".join(named) or HEALTHY
        if named and verdict != self._last:
            _log.warning("step %d: %s", step, verdict)
        self._last = verdict
        return verdict

    def _has_lasted(self, problem: Problem) -> bool:
        steps = self._lasting[problem.name]
        return len(steps) >= PATIENCE and steps[-1] - steps[0] >= problem.patience


def find_nonfinite_loss(
    task: Task, batches: Sequence[Any], parameters: Sequence[nn.Parameter]
) -> str:
    """Return the names of the losses whose own gradient is not finite on `batches`, as words.

    The batches are run once more, with other random numbers, so that the fault may not come again:
    then the largest loss is named, as such. The task's statistics and random numbers change.
    """
    found: dict[str, None] = {}
    largest = (0.0, "none")
    for batch in batches:
        losses = task.losses(batch)
        for name, loss in losses.items():
            alone = task.total({name: loss})
            if alone.requires_grad and not _is_finite(alone, parameters):
                found[name] = None
        largest = max(largest, *((float(loss.detach()), name) for name, loss in losses.items()))
    if not found:
        return f'on a second run each loss is finite; the largest is "{largest[1]}"'
    return "it comes from " + ", ".join(f'"{name}"' for name in found)


def _is_finite(total: Tensor, parameters: Sequence[nn.Parameter]) -> bool:
    gradients = torch.autograd.grad(total, parameters, retain_graph=True, allow_unused=True)
    return all(bool(part.isfinite().all()) for part in gradients if part is not None)
