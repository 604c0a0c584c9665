"""Notice that a tensor has changed since something was made of it and kept."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SAMPLES = 16  # values that are compared where a change left no trace


class Seen:
    """A tensor as it was: where it lies, its version, and a few of its values.

    The alias keeps the storage alive, so that its address cannot be given to another tensor.
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor.detach()
        self._key, self._values = _key(tensor), self._sample().clone()

    def is_still(self, tensor: Tensor) -> bool:
        """Say whether this is the tensor, with no change that torch has counted."""
        return self._key == _key(tensor)

    def keeps_values(self) -> bool:
        """Say whether sampled values are the same.

        What changes a tensor through `.data`, fused optimizers and other processes is not counted.
        """
        return torch.equal(self._sample(), self._values)

    def _sample(self) -> Tensor:
        flat = self.tensor.reshape(-1)
        return flat[:: max(1, len(flat) // SAMPLES)]


def _key(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tensor._version, tensor.shape, tensor.stride(), tensor.dtype
