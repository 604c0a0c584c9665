"""Find the losses that made a gradient which is not finite."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vocable.train.task import Task


def blame(task: Task, batches: Sequence[Tensor], parameters: Sequence[nn.Parameter]) -> str:
    """Return the names of the losses whose own gradient is not finite on `batches`, as words.

    The batches are run once more, with other random numbers, so that the fault may not come again:
    then the largest loss is named, as such. Spoils statistics and random numbers of the task.
    """
    found: dict[str, None] = {}
    largest = (0.0, "none")
    for batch in batches:
        for name, loss in (losses := task.losses(batch)).items():
            total = task.total({name: loss})
            if total.requires_grad and not _sound(total, parameters):
                found[name] = None
        largest = max(largest, *((float(loss.detach()), name) for name, loss in losses.items()))
    if not found:
        return f'no loss repeats it alone, the largest is "{largest[1]}"'
    return f"it comes from {_quoted(found)}"


def _sound(total: Tensor, parameters: Sequence[nn.Parameter]) -> bool:
    gradients = torch.autograd.grad(total, parameters, retain_graph=True, allow_unused=True)
    return all(bool(part.isfinite().all()) for part in gradients if part is not None)


def _quoted(names: dict[str, None]) -> str:
    return ", ".join(f'"{name}"' for name in names)
