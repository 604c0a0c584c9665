"""Convolutions whose edges are not silence, as some published codecs have them.

EnCodec reflects the first rows where others pad with zeros, Mimi's downsampler repeats the first.
In steps the first output then waits until the rows that are mirrored have come.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.nn.activation import Pointwise
from vocable.nn.block import State, tail
from vocable.nn.conv import Conv1d, joined
from vocable.nn.settings import exporting

Edge = Literal["reflect", "replicate"]


class EdgeConv1d(Conv1d):
    """A convolution that pads by reflection (without the edge row) or by repeating the edge row.

    Where the recording has too few rows to reflect, zeros after its end are taken in, as EnCodec
    does. `lookahead` is that of a stream that has started.
    """

    owns_output = True
    copies_rows = True

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        edge: Edge,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        pad: tuple[int, int] | None = None,
        fill: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            dilation=dilation,
            groups=groups,
            pad=pad,
            fill=fill,
            bias=bias,
        )
        self.edge = edge
        right = self.pad[1] + (stride - 1 if fill else 0)  # rows of the right edge, at most
        mirrored = 1 + right if edge == "reflect" else min(right, 1)  # rows that it is made of
        # rows that must have come before either edge can be made
        self.needed = max(self.pad[0], right) + 1 if edge == "reflect" else 1
        # rows that a state holds beside those of the next output: the right edge mirrors them
        self.older = max(0, mirrored - (self.span - stride)) if right else 0

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: none until the first edge can be made."""
        return super().settled(rows) if rows >= self.needed else 0

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Convolve the padded rows at once."""
        if exporting():
            return self._convolve(self._gathered(x))
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, self.channels_out)
        left, right = self.pad[0], self.pad[1] + self._lacking(self.pad[0] + x.shape[1])
        short = max(max(left, right) + 1 - x.shape[1], 0) if self.edge == "reflect" else 0
        rows = torch.cat((x, x.new_zeros(x.shape[0], short, x.shape[2])), 1)
        rows = self._extend(rows, left, right)
        return self._convolve(rows[:, : rows.shape[1] - short])

    def initial_state(self, batch: int) -> State:
        """Return no rows yet, and one empty row as a sign that no edge is made yet."""
        return self.zeros(batch, 0, self.channels_in), self.zeros(batch, 1, 0)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Convolve what is complete; before the first edge can be made, only collect."""
        return self._step_from(torch.cat((state[0], x), 1), state[1])

    def step_after(
        self, before: Pointwise, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Step on what `before` makes of `x`."""
        return self._step_from(joined(state[0], before, x), state[1])

    def _step_from(self, rows: Tensor, waiting: Tensor) -> tuple[Tensor, State]:
        if waiting.shape[1]:
            if rows.shape[1] < self.needed:
                return rows.new_zeros(rows.shape[0], 0, self.channels_out), (rows, waiting)
            rows, waiting = self._extend(rows, self.pad[0], 0), waiting[:, :0]
            rows = torch.cat((rows.new_zeros(rows.shape[0], self.older, rows.shape[2]), rows), 1)
        y = self._convolve(rows[:, self.older :])
        return y, (tail(rows, y.shape[1] * self.stride), waiting)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Convolve the kept rows with the right edge."""
        kept, waiting = state
        if waiting.shape[1]:
            return self.forward(kept)
        right = self.pad[1] + self._lacking(kept.shape[1] - self.older)
        return self._convolve(self._extend(kept, 0, right)[:, self.older :])

    def _gathered(self, x: Tensor) -> Tensor:
        """Return the padded rows of `forward`, picked by number: a graph slices no unknown lengths.

        Lengths that are to be compared are tensors here: torch.export would spend minutes on them.
        """
        n, left = x.shape[1], self.pad[0]
        rows = left + n + self.pad[1]
        if self.fill:  # up to the last whole stride
            rows = (rows - self.span + self.stride - 1) // self.stride * self.stride + self.span
        place = torch.arange(rows, device=x.device) - left
        last = torch.scalar_tensor(n, dtype=torch.int64, device=x.device) - 1
        if self.edge == "replicate":
            return x.index_select(1, torch.minimum(place.clamp(min=0), last))
        far = torch.maximum(last, (place[-1] - last).clamp(min=left))
        place = torch.where(place > far, 2 * far - place, place).abs()
        found = x.index_select(1, torch.minimum(place, last))
        return torch.where(place[:, None] <= last, found, 0.0)

    def _extend(self, x: Tensor, left: int, right: int) -> Tensor:
        """Return the rows with `left` before them and `right` after them."""
        n = x.shape[1]
        if self.edge == "replicate":
            before, after = x[:, :1].expand(-1, left, -1), x[:, n - 1 :].expand(-1, right, -1)
        else:
            before, after = x[:, 1 : left + 1].flip(1), x[:, n - 1 - right : n - 1].flip(1)
        return torch.cat((before, x, after), 1)
