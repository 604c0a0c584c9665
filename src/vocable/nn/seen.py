"""Notice that a tensor has changed since something was made of it and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from vocable.nn.settings import ordinary_tensors

Made = TypeVar("Made")
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


class Kept(Generic[Made]):
    """What is made of some tensors, for as long as these stay the same. Copies make their own."""

    def __init__(self) -> None:
        self._ready: tuple[list[Seen], Made] | None = None

    def made(self, make: Callable[[], Made], *of: Tensor) -> Made:
        """Return what `make` makes of these, without gradient; of old, if they are the same."""
        if any(each.is_inference() for each in of):  # whose changes are not counted
            return make()
        if self._ready is None or not all(map(Seen.is_still, self._ready[0], of)):
            with ordinary_tensors():
                self._ready = [Seen(each) for each in of], make()
        return self._ready[1]

    def look_again(self) -> None:
        """Drop what was made of tensors that have changed and left no trace."""
        if self._ready is not None and not all(map(Seen.keeps_values, self._ready[0])):
            self._ready = None

    def __deepcopy__(self, memo: object) -> Kept[Made]:
        return Kept()

    def __reduce__(self) -> tuple[Any, ...]:
        return Kept, ()


def _key(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tensor._version, tensor.shape, tensor.stride(), tensor.dtype
