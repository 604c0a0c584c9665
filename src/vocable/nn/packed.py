"""Keep a weight in the order in which the CPU's matrix kernels read it.

torch multiplies by a weight as it lies; where few rows meet many weights, most of that time goes
into putting it in order, at each call anew. oneDNN takes a weight that was put in order once: 1.1
to 2.5 times as fast for 2 to 2000 rows, most where there are few.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

SMALL = 1 << 16  # weights; with fewer the plain product is as fast, but for
MANY = 2048  # rows or more


class PackedWeight:
    """A weight `[channels_out, channels]` in oneDNN's order, made when it is first asked for.

    It is made anew where the weight or autocast has changed, and not at all while gradients are
    taken. Copies and files of the block that holds it begin without.
    """

    def __init__(self) -> None:
        self._made: tuple[Any, Tensor, Tensor] | None = None  # what was seen, the weight, packed

    def __deepcopy__(self, memo: Any) -> PackedWeight:
        return PackedWeight()

    def __reduce__(self) -> tuple[type[PackedWeight], tuple[()]]:
        return PackedWeight, ()

    def forget(self) -> None:
        """Drop it: the weight is about to change by ways that leave no trace."""
        self._made = None

    def of(self, weight: Tensor, rows: int) -> Tensor | None:
        """Return `weight` for `multiply`; None where the plain product of `rows` is to be taken.

        Of a convolution's weight, `[channels_out, channels, kernel]`, the matrix has columns for
        kernel × channels.
        """
        if rows < 2 or (weight.numel() < SMALL and rows < MANY) or torch.is_grad_enabled():
            return None
        if weight.device.type != "cpu" or weight.is_inference():
            return None
        lowered = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if lowered else weight.dtype
        if not _works(dtype):
            return None
        seen = weight.data_ptr(), weight._version, dtype
        if self._made is None or self._made[0] != seen:
            matrix = weight.detach()
            if weight.ndim == 3:
                matrix = matrix.transpose(1, 2).flatten(1)
            # the detached alias keeps the storage alive, so that its address cannot be given away
            self._made = seen, weight.detach(), _pack(matrix.to(dtype))
        return self._made[2]


def multiply(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    """Return `x @ matrix.T + bias` in the dtype of `packed`, a matrix of `PackedWeight`.

    x: `[..., channels]`.
    """
    x, bias = x.to(packed.dtype), None if bias is None else bias.to(packed.dtype)
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
    return y


def _pack(matrix: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(matrix.contiguous())
    return packed


@cache
def _works(dtype: torch.dtype) -> bool:
    """Try the kernels."""
    if dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        x, weight = (torch.ones(size, 4, dtype=dtype, device="cpu") for size in (2, 4))
        y = multiply(x, _pack(weight), None)
        return bool((y == 4).all())
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
