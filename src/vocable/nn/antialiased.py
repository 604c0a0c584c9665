"""An activation at twice the rate, between filters: what it adds above half the rate is cut off.

"Alias-Free Generative Adversarial Networks" (Karras et al. 2021, arXiv:2106.12423), in sound first
in BigVGAN (Lee et al. 2022, arXiv:2206.04658); BigCodec, FACodec and X-Codec 2 have it everywhere.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.nn.activation import Pointwise
from vocable.nn.block import Block, Stack, State, join, tail
from vocable.nn.conv import convolve, joined
from vocable.nn.settings import exporting
from vocable.ratio import Ratio

FILTER = 12  # taps of both filters, at twice the rate
FEW = 1 << 15  # values out up to which products and sums are faster than a depthwise convolution


class AntiAliased(Stack):
    """Twice the rows by a filter, an activation of each, and half of them by the same filter.

    Both filters see the edge row repeated, each at its own rate, as published. A row waits for the
    5 after it.
    """

    def __init__(self, channels: int, activation: Pointwise) -> None:
        taps = kaiser_taps()
        doubled = torch.stack((taps[:-1:2].flip(0), taps[1::2].flip(0))) * 2  # odd rows, even ones
        super().__init__(
            _Resampled(channels, doubled, stride=1, edge=3),
            activation,
            _Resampled(channels, taps[None], stride=2, edge=5),
        )

    def reach(self, rows: int) -> int:
        """Return how many input rows so many output rows depend on: 5 more at either side."""
        return rows + 10


class _Resampled(Block):
    """Each channel by fixed taps `[phases, span]`: `phases` rows for each window.

    A window starts every `stride` rows, the first `edge` rows before the first one; the row at
    either end is repeated. The first and the last `phases - 1` rows are cut.

    A state holds rows as they came until the first window is full, then what the next one reads.
    """

    channels_out: int
    owns_output = True
    copies_rows = True
    taps: Tensor

    def __init__(self, channels: int, taps: Tensor, *, stride: int, edge: int) -> None:
        super().__init__()
        self.register_buffer("taps", taps, persistent=False)
        (self.phases, self.span), self.stride, self.edge = taps.shape, stride, edge
        self.channels_out = channels
        self.stride_in, self.ratio = stride, Ratio(self.phases, stride)
        self.lookahead, self.receptive = edge, self.span

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of the windows that are full."""
        windows = (self.edge + rows - self.span) // self.stride + 1
        return max(0, windows * self.phases - self.phases + 1)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels"]:
        """Filter all rows at once."""
        count, edge = x.shape[1], self.edge
        cut = self.phases - 1
        if exporting():  # picked by number: a graph slices no unknown lengths
            place = torch.arange(count + 2 * edge, device=x.device) - edge
            rows = x.index_select(1, place.clamp(min=0).clamp(max=count - 1))
            return self._filter(rows).narrow(1, cut, count * self.phases // self.stride)
        if not count:
            return x.new_zeros(len(x), 0, self.channels_out)
        y = self._filter(torch.cat((self._repeated(x[:, :1]), x, self._repeated(x[:, -1:])), 1))
        return y[:, cut : y.shape[1] - cut]

    def initial_state(self, batch: int) -> State:
        """Return no rows."""
        return self.zeros(batch, 0, self.channels_out)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels"], State]:
        """Filter the windows that are full."""
        return self._step(join(state, x), state)

    def step_after(
        self, before: Pointwise, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels"], State]:
        """Step on what `before` makes of `x`."""
        return self._step(joined(state, before, x), state)

    def _step(self, rows: Tensor, state: Tensor) -> tuple[Tensor, State]:
        if self._started(state):
            y = self._filter(rows)
            return y, tail(rows, y.shape[1] // self.phases * self.stride)
        if rows.shape[1] < self.span - self.edge:
            return rows[:, :0], tail(rows, 0)
        rows = torch.cat((self._repeated(rows[:, :1]), rows), 1)
        y = self._filter(rows)
        return y[:, self.phases - 1 :], tail(rows, y.shape[1] // self.phases * self.stride)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels"]:
        """Filter the last windows, which see the last row repeated."""
        if not self._started(state):
            return self.forward(state)
        y = self._filter(torch.cat((state, self._repeated(state[:, -1:])), 1))
        return y[:, : y.shape[1] - self.phases + 1]

    def _started(self, state: Tensor) -> bool:
        return state.shape[1] >= self.span - self.stride

    def _repeated(self, row: Tensor) -> Tensor:
        return row.expand(-1, self.edge, -1)

    def _filter(self, rows: Tensor) -> Tensor:
        """Return the rows of all windows: in the precision of the taps, as depthwise ones are."""
        rows = rows.to(self.taps.dtype)
        count = (rows.shape[1] - self.span) // self.stride + 1
        if not exporting():
            if count < 1:
                return rows[:, :0]
            if rows.shape[0] * count * self.phases * rows.shape[2] <= FEW:
                windows = rows.unfold(1, self.span, self.stride).transpose(2, 3)
                return (windows[:, :, None] * self.taps[..., None]).sum(3).flatten(1, 2)
        channels = rows.shape[2]
        with torch.autocast(rows.device.type, enabled=False):
            weights = (phase.expand(channels, 1, -1) for phase in self.taps)
            parts = [convolve(rows, w, None, self.stride, groups=channels) for w in weights]
        return parts[0] if self.phases == 1 else torch.stack(parts, 2).flatten(1, 2)


def kaiser_taps() -> Float[Tensor, " taps"]:
    """Return a sinc at half the band in a Kaiser window, of sum 1.

    The window's shape is Kaiser's for a transition of 0.6 of the band (as in julius and BigVGAN).
    """
    attenuation = 2.285 * (FILTER // 2 - 1) * math.pi * 1.2 + 7.95  # dB
    beta = 0.1102 * (attenuation - 8.7)
    window = torch.kaiser_window(FILTER, periodic=False, beta=beta, device="cpu")
    taps = window * torch.sinc((torch.arange(FILTER, device="cpu") - FILTER // 2 + 0.5) / 2) / 2
    return taps / taps.sum()
