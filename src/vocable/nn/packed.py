"""Keep a weight in the order in which the CPU's matrix kernels read it.

torch multiplies by a weight as it lies; where few rows meet many weights, most of that time goes
into putting it in order, at each call anew. oneDNN takes a weight that was put in order once: 1.1
to 2.5 times as fast for 2 to 2000 rows, most where there are few. It costs the weight's memory once
more.

Only a session has packed weights: it runs a copy of the modules that nobody trains, in inference
mode, and looks again at the weights when a recording begins.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from vocable.nn.seen import Seen
from vocable.nn.settings import fast_forms, ordinary_tensors

LARGE = 1 << 16  # weights from which on it pays for any rows but one
ROWS_ONCE = 1024  # rows from which on a large model's weights are packed for one call
MANY_ROWS = 2048  # rows from which on it pays for any weights


class PackedWeight:
    """A weight `[channels_out, channels]` in oneDNN's order, made when it is first asked for.

    Copies and files of what holds it begin without.
    """

    def __init__(self) -> None:
        # by dtype, and the form: a weight of one channel is asked for both ways
        self._made: dict[tuple[torch.dtype, str], tuple[Seen, Tensor]] = {}

    def __deepcopy__(self, memo: Any) -> PackedWeight:
        return PackedWeight()

    def __reduce__(self) -> tuple[type[PackedWeight], tuple[()]]:
        return PackedWeight, ()

    def look_again(self) -> None:
        """Drop what was made of a weight that has changed and left no trace."""
        for key, (seen, _) in list(self._made.items()):
            if not seen.keeps_values():
                self._made.pop(key, None)

    def taps(self, weight: Tensor) -> Tensor:
        """Return a depthwise weight `[channels, 1, kernel]` as `[kernel, channels]`."""
        key = weight.dtype, "taps"
        made = self._made.get(key)
        if made is None or not made[0].is_still(weight):
            with ordinary_tensors():
                taps = weight.detach()[:, 0].T.contiguous()
            self._made[key] = made = Seen(weight), taps
        return made[1]

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor | None:
        """Return `x @ matrix.T + bias`; None where the plain product is to be taken.

        x: `[..., channels]`. weight: the matrix, or that of a convolution, `[channels_out,
        channels, kernel]`, as a matrix with a column for each kernel × channels.
        """
        dtype = _dtype_of_product(x, weight, x.shape[:-1].numel())
        if dtype is None or x.shape[-1] * len(weight) != weight.numel():
            return None
        key = dtype, "matrix"
        made = self._made.get(key)
        if made is None or not made[0].is_still(weight):
            matrix = weight.detach()
            if weight.ndim == 3:
                matrix = matrix.transpose(1, 2).flatten(1)
            self._made[key] = made = Seen(weight), _pack(matrix.to(dtype))
        if torch.is_autocast_enabled("cpu"):
            x, bias = x.to(dtype), None if bias is None else bias.to(dtype)
        return _multiply(x, made[1], bias)


class BrieflyPackedWeight(PackedWeight):
    """The same, kept for few rows only: many pay for the order at each call.

    Of 3000 rows that costs a fiftieth of the product, and saves the memory of a large model's
    weights.
    """

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor | None:
        """Return `x @ matrix.T + bias`; None where the plain product is to be taken."""
        brief = not self._made and x.shape[:-1].numel() >= ROWS_ONCE
        found = super().product(x, weight, bias)
        if brief:
            self._made.clear()
        return found


def packs(x: Tensor, weight: Tensor, rows: int) -> bool:
    """Say whether a product of so many rows, made of `x`, takes the packed weight."""
    return _dtype_of_product(x, weight, rows) is not None


def _dtype_of_product(x: Tensor, weight: Tensor, rows: int) -> torch.dtype | None:
    """Return the dtype of the packed product; None where the plain one is to be taken."""
    if rows < 2 or (weight.numel() < LARGE and rows < MANY_ROWS):
        return None
    if not fast_forms() or weight.is_inference():
        return None
    if x.device.type != "cpu" or weight.device.type != "cpu":
        return None
    if not torch.is_autocast_enabled("cpu"):
        dtype = weight.dtype if x.dtype == weight.dtype else None
    else:  # which leaves float64 as it is
        both = {x.dtype, weight.dtype} <= {torch.float32, torch.bfloat16}
        dtype = torch.get_autocast_dtype("cpu") if both else None
    usable = dtype is not None and torch.backends.mkldnn.enabled and _works(dtype)
    return dtype if usable else None


def _pack(matrix: Tensor) -> Tensor:
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(matrix.contiguous())
    return packed


def _multiply(x: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
    return y


@cache
def _works(dtype: torch.dtype) -> bool:
    """Say whether this build of torch and this processor have the kernels: try them."""
    if dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        x, weight = (torch.ones(size, 4, dtype=dtype, device="cpu") for size in (2, 4))
        return bool((_multiply(x, _pack(weight), None) == 4).all())
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
