"""Convolutions along time, whole or in steps.

Rows are time, `[batch, time, channels]`. Many rows are convolved as an image, over the free
channels-last view `[batch, channels, 1, time]`; few rows, or few channels, by matrix products: the
fastest forms measured, the first in training as well (benchmarks/convolution.py).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.activation import Pointwise
from vocable.nn.block import Block, State, tail
from vocable.nn.dilated import dilated
from vocable.nn.linear import first_factor, linear
from vocable.nn.packed import PackedWeight, packs
from vocable.nn.settings import exporting, fast_forms, trains, unknown
from vocable.ratio import Ratio

FEW = 128  # output rows, of all streams together, up to which a convolution is one matrix product
FEW_PACKED = 512  # the same, with packed weights
NARROW = 32  # channels in × kernel, up to which it is one for any rows
FEW_DEPTHWISE = 32  # input rows up to which a depthwise one is a product and a sum


class Conv1d(Block):
    """A convolution over time with `pad = (left, right)` rows of zeros; causal by default.

    Right padding is look-ahead: `step` withholds the rows that need it, `finish` gives them.
    fill: input that ends inside a stride is padded up to it; else its last rows are left out.
    `weight` is `[channels_out, channels_in / groups, kernel]`, as in torch.
    """

    channels_out: int
    owns_output = True
    copies_rows = True
    packed: PackedWeight | None = None  # a session's

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        pad: tuple[int, int] | None = None,
        fill: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.span = (kernel - 1) * dilation + 1
        if pad is None:
            pad = (max(self.span - stride, 0), 0)
        if min(pad) < 0:
            raise ModelError(f"padding must be at least 0 rows but is {pad}; give (left, right)")
        made = nn.Conv1d(channels_in, channels_out, kernel, groups=groups, bias=bias)
        self.weight, self.bias = made.weight, made.bias
        self.stride, self.dilation, self.groups, self.pad = stride, dilation, groups, pad
        self.fill = fill
        self.channels_in, self.channels_out = channels_in, channels_out
        self.stride_in, self.ratio = stride, Ratio(1, stride)
        self.lookahead = max(self.span - stride - pad[0], 0)
        self.receptive = self.span

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Convolve the padded rows at once."""
        left, right = self.pad
        return self._convolve(F.pad(x, (0, 0, left, right + self._lacking(left + x.shape[1]))))

    def initial_state(self, batch: int) -> State:
        """Return the left padding, `[batch, left, channels_in]`."""
        return self.zeros(batch, self.pad[0], self.channels_in)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Convolve what is complete; keep the rows that the next output reads."""
        return self._step(torch.cat((state, x), 1))

    def step_after(
        self, before: Pointwise, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step on what `before` makes of `x`."""
        return self._step(joined(state, before, x))

    def _step(self, rows: Tensor) -> tuple[Tensor, State]:
        y = self._convolve(rows)
        return y, tail(rows, y.shape[1] * self.stride)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Convolve the kept rows with the right padding."""
        right = self.pad[1] + self._lacking(state.shape[1])
        return self._convolve(F.pad(state, (0, 0, 0, right)))

    @property
    def ragged(self) -> bool:
        """Whether input may end inside a stride, which then gives a row of output.

        So it does where a row of output sees no more of its own stride than the first row.
        """
        return self.fill or self.stride == 1 or self.pad[0] >= self.span - 1

    def _lacking(self, rows: int) -> int:
        """Return how many rows fill up the last stride; `rows` are counted with the left pad."""
        return -(rows + self.pad[1] - self.span) % self.stride if self.fill else 0

    def _convolve(self, rows: Tensor) -> Tensor:
        return convolve(
            rows, self.weight, self.bias, self.stride, self.dilation, self.groups, self.packed
        )


def joined(kept: Tensor, before: Pointwise, x: Tensor) -> Float[Tensor, "batch time channels"]:
    """Return the rows kept and those of `x`, mapped by `before` in one pass where that can be."""
    alike = kept.dtype == x.dtype and (len(kept), kept.shape[2]) == (len(x), x.shape[2])
    if not (alike and before.keeps_dtype(x) and x.shape[1]):
        return torch.cat((kept, before(x)), 1)
    rows = x.new_empty(len(x), kept.shape[1] + x.shape[1], x.shape[2])
    rows[:, : kept.shape[1]] = kept
    before.write(x, rows[:, kept.shape[1] :])
    return rows


def convolve(
    rows: Float[Tensor, "batch time channels"],
    weight: Float[Tensor, "channels_out channels_in kernel"],
    bias: Float[Tensor, " channels_out"] | None,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    packed: PackedWeight | None = None,
) -> Float[Tensor, "batch time_out channels_out"]:
    """Convolve rows as they are, without padding; as many as hold no window give no rows."""
    span = (weight.shape[2] - 1) * dilation + 1
    count = (rows.shape[1] - span) // stride + 1
    symbolic = exporting()  # a graph takes any number of rows in one form
    if not unknown(count) and count < 1:
        return rows.new_zeros(rows.shape[0], 0, weight.shape[0])
    if groups == 1 and not symbolic:
        found = _by_products(rows, weight, bias, stride, dilation, packed)
        if found is not None:
            return found
    view = rows.transpose(1, 2).unsqueeze(2)
    y = F.conv2d(view, weight.unsqueeze(2), bias, (1, stride), 0, (1, dilation), groups)
    return y.squeeze(2).transpose(1, 2)


def _by_products(
    rows: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: int,
    dilation: int,
    packed: PackedWeight | None,
) -> Tensor | None:
    """Convolve by a matrix product where that is faster; None where it is not.

    torch's kernel reorders the weights at each call, which few rows do not pay for, and it is slow
    for very few channels.
    """
    channels_out, channels, kernel = weight.shape
    span = (kernel - 1) * dilation + 1
    total = len(rows) * ((rows.shape[1] - span) // stride + 1)
    fast = fast_forms() and rows.device.type == "cpu"
    narrow = fast and channels * kernel <= NARROW
    if total <= FEW_PACKED or narrow:
        windows = rows.unfold(1, span, stride)[..., ::dilation]
        turned = first_factor(total, channels * kernel, packed)
        if packed is not None and not turned and packs(rows, weight, total):
            y = packed.product(windows.transpose(2, 3).flatten(2), weight, bias)
            if y is not None:
                return y
        if total <= FEW or narrow:
            return linear(windows.flatten(2), weight.flatten(1), bias)
    if fast and channels_out == stride == 1 and rows.dtype == weight.dtype:
        return _to_one_channel(rows, weight[0], bias, dilation)
    return None


def _to_one_channel(rows: Tensor, weight: Tensor, bias: Tensor | None, dilation: int) -> Tensor:
    """Convolve to one channel: all taps of each row in one product, then sums of shifted rows."""
    taps = weight.T @ rows.transpose(1, 2)  # [batch, kernel, time]
    count = rows.shape[1] - (weight.shape[1] - 1) * dilation
    y = taps[:, 0, :count].clone() if bias is None else taps[:, 0, :count] + bias
    for i in range(1, weight.shape[1]):
        y += taps[:, i, i * dilation : i * dilation + count]
    return y.unsqueeze(2)


class DepthwiseConv1d(Conv1d):
    """One kernel per channel; stays in the weights' precision under autocast.

    Autocast is left out because it only adds casts to a step that is bound by memory: forward and
    backward take 3.2 ms instead of 4.9 ms at 16 x 128 rows of 192 channels.
    """

    owns_output = True
    copies_rows = True

    def __init__(
        self,
        channels: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        pad: tuple[int, int] | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__(
            channels,
            channels,
            kernel,
            stride=stride,
            dilation=dilation,
            groups=channels,
            pad=pad,
            bias=bias,
        )

    def _convolve(self, rows: Tensor) -> Tensor:
        rows = rows.to(self.weight.dtype)
        if not exporting() and rows.shape[0] * rows.shape[1] <= FEW_DEPTHWISE:
            return self._multiply(rows)
        with torch.autocast(rows.device.type, enabled=False):
            apart = self.dilation > 1 and self.stride == 1
            if apart and trains(rows, self.weight) and rows.shape[1] >= self.span:
                return dilated(rows, self.weight, self.bias, self.dilation, self._without_bias)
            return super()._convolve(rows)

    def _without_bias(self, rows: Tensor, weight: Tensor) -> Tensor:
        return convolve(rows, weight, None, 1, self.dilation, self.groups)

    def _multiply(self, rows: Tensor) -> Tensor:
        """Multiply the windows as they lie: the kernel that torch takes costs 5 times as much."""
        if rows.shape[1] < self.span:
            return rows.new_zeros(rows.shape[0], 0, self.channels_out)
        windows = rows.unfold(1, self.span, self.stride)[..., :: self.dilation].transpose(2, 3)
        taps = self.weight[:, 0].T if self.packed is None else self.packed.taps(self.weight)
        y = (windows * taps).sum(2)
        return y if self.bias is None else y + self.bias
