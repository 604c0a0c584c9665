"""Linear maps of each row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.block import Block, State
from vocable.nn.packed import PackedWeight
from vocable.nn.settings import exporting

FEW_ROWS = 4  # up to which the CPU is faster with the weights as the first factor
FEW_CHANNELS = 1280  # in, up to which it is
LARGE = 1 << 14  # weights from which on it is


class Linear(Block):
    """`x @ weight.T + bias` on each row; `weight` is `[channels_out, channels_in]`, as in torch."""

    channels_out: int
    owns_output = True
    packed: PackedWeight | None = None  # a session's

    def __init__(self, channels_in: int, channels_out: int, *, bias: bool = True) -> None:
        super().__init__()
        made = nn.Linear(channels_in, channels_out, bias=bias)
        self.weight, self.bias = made.weight, made.bias
        self.channels_out = channels_out

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Map each row."""
        return linear(x, self.weight, self.bias, self.packed)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Map each row; there is no state."""
        return self.forward(x), state


def linear(
    x: Float[Tensor, "*rows channels"],
    weight: Float[Tensor, "channels_out channels"],
    bias: Float[Tensor, " channels_out"] | None = None,
    packed: PackedWeight | None = None,
) -> Float[Tensor, "*rows channels_out"]:
    """Return `x @ weight.T + bias`, as `torch.nn.functional.linear`, faster for few rows.

    packed: where the weight in the kernels' order is kept; None: nowhere.
    So few rows take as long as their weights take to be read. For 2 to 4, weights as the first
    factor take 0.3 to 0.7 of the time, but not where a row of them is long; for 2, they take 0.7 of
    what packed weights do.
    """
    if exporting() or x.device.type != "cpu":
        return F.linear(x, weight, bias)
    rows = x.shape[:-1].numel()
    turned = weight.numel() >= LARGE and first_factor(rows, weight.shape[1], packed)
    if packed is not None and not turned:
        found = packed.product(x, weight, bias)
        if found is not None:
            return found
    if turned:
        columns = x.reshape(rows, -1).t()
        y = (
            torch.mm(weight, columns)
            if bias is None
            else torch.addmm(bias[:, None], weight, columns)
        )
        # turned back at once: other strides would cost attention its fast kernel
        return y.t().contiguous().reshape(*x.shape[:-1], len(weight))
    return F.linear(x, weight, bias)


def first_factor(rows: int, channels: int, packed: PackedWeight | None) -> bool:
    """Say whether weights are the first factor of the product of so many rows.

    Packed ones win from 3 rows on. Not under autocast, which would lower the weights' precision
    anew at each call.
    """
    few = 2 <= rows <= (FEW_ROWS if packed is None else 2) and channels <= FEW_CHANNELS
    return few and not torch.is_autocast_enabled("cpu")
