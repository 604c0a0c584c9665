"""Transposed convolution along time: more rows out than in, whole or in steps."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.activation import Pointwise
from vocable.nn.block import Block, State, tail
from vocable.nn.conv import convolve, joined
from vocable.nn.packed import PackedWeight
from vocable.nn.settings import exporting
from vocable.ratio import Ratio


class ConvTranspose1d(Block):
    """A transposed convolution that gives `stride` rows for each row; causal by default.

    It runs as a convolution of `kernel / stride` taps to `stride * channels_out` channels, whose
    rows are then cut: the same sums, no scattered writes (1.1 to 5.9 times faster, measured).
    `weight` is that convolution's, `[stride * channels_out, channels_in, taps]`;
    `from_torch` and `to_torch` turn it from and to torch's layout.

    trim = (left, right) output rows are cut off, together `kernel - stride + short`; cutting rows
    at the left is look-ahead: `step` is late by as many output rows, `finish` gives them.
    short: rows that the end of all lacks, as DAC's odd strides lose one.
    groups: 1, or as many as channels out: each is made of its own share of the channels in, one or
    several that are neighbours, by a kernel each.
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
        stride: int,
        trim: tuple[int, int] | None = None,
        short: int = 0,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        trim = (0, kernel - stride) if trim is None else trim
        if kernel % stride or sum(trim) != kernel - stride + short or min(trim) < 0:
            raise ModelError(
                f"a transposed convolution needs kernel a multiple of stride and trim that sums to "
                f"kernel - stride + short but has kernel {kernel}, stride {stride}, trim {trim}, "
                f"short {short}"
            )
        if not 0 <= short <= min(trim[0], stride - 1):
            raise ModelError(
                f"the end can lack 0 to {min(trim[0], stride - 1)} rows, those that step withholds "
                f"and fewer than stride, but short is {short}"
            )
        if groups != 1 and (groups != channels_out or channels_in % groups):
            raise ModelError(
                f"a transposed convolution has 1 group, or one for each channel out, but has "
                f"{groups} for {channels_in} channels in and {channels_out} out"
            )
        made = nn.ConvTranspose1d(
            channels_in, channels_out, kernel, stride, groups=groups, bias=bias
        )
        self.weight = nn.Parameter(from_torch(made.weight.detach(), stride))
        self.bias = made.bias
        self.channels_in, self.channels_out = channels_in, channels_out
        self.stride, self.taps, self.trim = stride, kernel // stride, trim
        self.short, self.groups = short, groups
        self.ratio = Ratio(stride)
        self.lookahead = math.ceil(trim[0] / stride)
        self.receptive = self.taps

    def forward(
        self, x: Float[Tensor, "batch time channels_in"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Run whole: as one step and its end, or, for a graph that knows no lengths, at once."""
        if not exporting():
            return super().forward(x)
        y = self._spread(F.pad(x, (0, 0, self.taps - 1, math.ceil(self.trim[0] / self.stride))))
        return y.narrow(1, self.trim[0], x.shape[1] * self.stride - self.short)

    def settled(self, rows: int) -> int:
        """Return how many output rows are final; part of a row's share may be."""
        return max(0, rows * self.stride - self.trim[0])

    def initial_state(self, batch: int) -> State:
        """Return the rows before the first, and as many empty rows as are still to be cut."""
        past = self.zeros(batch, self.taps - 1, self.channels_in)
        return past, self.zeros(batch, self.trim[0], 0)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Convolve; the first rows of all are cut."""
        return self._step(torch.cat((state[0], x), 1), state[1])

    def step_after(
        self, before: Pointwise, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step on what `before` makes of `x`."""
        return self._step(joined(state[0], before, x), state[1])

    def _step(self, rows: Tensor, to_cut: Tensor) -> tuple[Tensor, State]:
        y = self._spread(rows)
        cut = min(to_cut.shape[1], y.shape[1])
        past = tail(rows, rows.shape[1] - self.taps + 1)
        return y[:, cut:], (past, to_cut[:, cut:])

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Return the rows that silence after the end completes."""
        past, to_cut = state
        more = past.new_zeros(past.shape[0], math.ceil(self.trim[0] / self.stride), past.shape[2])
        begin, end = to_cut.shape[1], self.trim[0] - self.short
        return self._spread(torch.cat((past, more), 1))[:, begin : max(begin, end)]

    def _spread(self, rows: Tensor) -> Tensor:
        """Convolve `[batch, taps - 1 + n, in]` to `[batch, n * stride, out]`."""
        if self.groups > 1:
            return self._spread_each(rows)
        bias = None if self.bias is None else self.bias.repeat(self.stride)
        y = convolve(rows, self.weight, bias, packed=self.packed)
        return y.reshape(rows.shape[0], y.shape[1] * self.stride, self.channels_out)

    def _spread_each(self, rows: Tensor) -> Tensor:
        """Multiply each channel by its own taps: too little work for a convolution."""
        count = rows.shape[1] - self.taps + 1
        parts = [rows[:, i : i + count, None] * self.weight[..., i] for i in range(self.taps)]
        y = sum(parts[1:], parts[0]).flatten(1, 2)
        if self.channels_in > self.groups:
            y = torch.unflatten(y, 2, (self.groups, -1)).sum(3)
        return y if self.bias is None else y + self.bias


def from_torch(
    weight: Float[Tensor, "channels_in channels_out kernel"], stride: int
) -> Float[Tensor, "spread channels_in taps"]:
    """Return the weight of `torch.nn.ConvTranspose1d` in our layout; kernel / stride is whole."""
    channels_in, channels_out, _ = weight.shape
    taps = weight.reshape(channels_in, channels_out, -1, stride).flip(2)
    return taps.permute(3, 1, 0, 2).reshape(stride * channels_out, channels_in, -1).contiguous()


def to_torch(
    weight: Float[Tensor, "spread channels_in taps"], stride: int
) -> Float[Tensor, "channels_in channels_out kernel"]:
    """Return our weight as `torch.nn.ConvTranspose1d` has it."""
    spread, channels_in, taps = weight.shape
    cut = weight.reshape(stride, spread // stride, channels_in, taps).flip(3)
    return cut.permute(2, 1, 3, 0).reshape(channels_in, -1, taps * stride).contiguous()
