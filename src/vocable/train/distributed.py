"""Run in one process on one device, or as one of several processes that Accelerate launched.

`accelerate launch --num_processes 2 --no_python vocable train codec …` starts one process a device.
Every process draws its own batches; gradients are averaged before each step, and the main process's
clock and keyboard decide for all. Codebooks average their own statistics
(quantize/learn/replicas.py).
"""

from __future__ import annotations

import atexit
import importlib.util
import os
from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from vocable.errors import RecipeError


class Distributed:
    """The device of this process, its `rank`, and how many processes there are (`world_size`).

    A single process takes `device`, by default CUDA where there is one, else the CPU; of several
    each takes the one that Accelerate gives it.
    """

    def __init__(self, device: str | None = None) -> None:
        self.rank, self.world_size = 0, 1
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            self.device = self._join(device)
        else:
            self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))

    def _join(self, device: str | None) -> torch.device:
        """Meet the other processes and return the device of this one."""
        if not importlib.util.find_spec("accelerate"):
            raise RecipeError('several devices need an extra: pip install "vocable[train]"')
        # Before the processes meet: imported later, as by an optimizer, it keeps their group, whose
        # threads may then end the interpreter with an error (findings/group-kept.sh).
        import torch.distributed.nn
        from accelerate import PartialState

        # It takes a CPU only if told so: else several processes without a GPU would not meet.
        asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true", "yes")
        state = PartialState(cpu=device == "cpu" or asked or not torch.cuda.is_available())
        self.rank, self.world_size = state.process_index, state.num_processes
        atexit.register(_leave)
        found: torch.device = state.device
        return found

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def broadcast_values(self, *values: float | bool) -> list[float]:
        """Return the main process's values in every process."""
        if self.world_size == 1:
            return [float(value) for value in values]
        shared = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.broadcast(shared, src=0)
        found: list[float] = shared.tolist()
        return found

    def broadcast_module(self, module: nn.Module) -> None:
        """Give every process the main one's weights and buffers."""
        if self.world_size > 1:
            for tensor in module.state_dict(keep_vars=True).values():
                dist.broadcast(tensor.data, src=0)

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.world_size == 1:
            return
        grads: list[Tensor] = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.flatten() for grad in grads])
        dist.all_reduce(flat)
        flat /= self.world_size
        parts = torch.split(flat, [grad.numel() for grad in grads])
        for grad, part in zip(grads, parts, strict=True):
            grad.copy_(part.view_as(grad))

    def all_gather(self, value: Any) -> list[Any]:
        """Return every process's value, in the order of their ranks."""
        if self.world_size == 1:
            return [value]
        found: list[Any] = [None] * self.world_size
        dist.all_gather_object(found, value)
        return found

    def wait(self) -> None:
        """Wait until every process has come here."""
        self.all_gather(None)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
