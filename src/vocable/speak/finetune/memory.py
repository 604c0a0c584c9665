"""What a run takes of memory, told before it starts.

Activations are not guessed: a step runs on the meta device, where tensors have shapes and no
memory, and what autograd keeps for the way back is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from vocable.errors import RecipeError

PROCESS = 500 << 20  # of Python, torch, a codec and recordings
# bytes beside each weight that learns: gradient, two moments of AdamW, average, best weights
LEARNING = 4 + 8 + 4 + 4
SPARE = 1.15  # of activations: what a single operation needs beside them
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Bytes that a run takes at its peak: of weights, of what learning keeps, of a batch.

    Weights are there twice while they are read and put in our order, before anything learns.
    """

    weights: int
    learning: int
    batch: int

    @property
    def total(self) -> int:
        return PROCESS + max(2 * self.weights, self.weights + self.learning + self.batch)

    @property
    def text(self) -> str:
        """All of it in words, in GB of 10^9 bytes."""
        twice = self.weights > self.learning + self.batch
        parts = {
            f"weights{', twice while they are read,' if twice else ''}": self.weights,
            "gradients, moments and copies": self.learning,
            "the longest batch": self.batch,
        }
        inner = ", ".join(f"{name} {size / 1e9:.1f}" for name, size in parts.items())
        return f"{self.total / 1e9:.1f} GB ({inner})"

    def check(self, available: int | None) -> None:
        """Refuse a run that cannot fit; None: nobody knows what is free."""
        if available is not None and self.total > available:
            raise RecipeError(
                f"this takes {self.text} of memory and {available / 1e9:.1f} GB are free; take "
                "adapters for --full, a lower rows.batch or rows.longest, or another device"
            )


def needed(network: nn.Module, step: Callable[[], Tensor]) -> Memory:
    """Return what a run of a network on the meta device takes; `step` is its longest batch."""
    weights = list(network.parameters())
    learning = sum(weight.numel() for weight in weights if weight.requires_grad)
    own = sum(weight.nbytes for weight in [*weights, *network.buffers()])
    return Memory(own, learning * LEARNING, round(kept(network, step) * SPARE))


def kept(network: nn.Module, step: Callable[[], Tensor]) -> int:
    """Return the bytes that autograd keeps of a step on the meta device, beside the weights."""
    own = {_id(weight) for weight in network.parameters()}
    seen: dict[int, torch.UntypedStorage] = {}  # held, so that no other takes its place

    def note(value: Tensor) -> Tensor:
        if _id(value) not in own:
            seen[_id(value)] = value.untyped_storage()
        return value

    with torch.autograd.graph.saved_tensors_hooks(note, lambda value: value):
        step()
    return sum(storage.nbytes() for storage in seen.values())


def _id(value: Tensor) -> int:
    found: int = value.untyped_storage()._cdata
    return found


def free(device: torch.device) -> int | None:
    """Return the bytes that are free for a run on a device; None where nothing says it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    found = [value for value in (_of_machine(), _of_group()) if value is not None]
    return min(found, default=None)


def _of_machine() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return None


def _of_group() -> int | None:
    """Return what a container's limit leaves."""
    with suppress(OSError, ValueError):
        limit, used = (
            int((_CGROUP / f"memory.{name}").read_text("ascii")) for name in ("max", "current")
        )
        return limit - used
    return None
