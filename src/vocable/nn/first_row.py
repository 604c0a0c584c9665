"""Causal convolutions before whose recording lies its own first row, as in Mimi's downsampler."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.nn.block import State, tail
from vocable.nn.edge import EdgeConv1d


class FirstRowConv1d(EdgeConv1d):
    """`EdgeConv1d` that repeats the first row before it, and looks no further ahead than a stride.

    past: rows before a stride that its output sees; default: all of the kernel but the stride. With
    more of them the last rows of the stride are not seen: the look-ahead is less than 0.
    Its state has one shape from the start on: the rows kept, and whether one has come. So streams
    of any age share a batch, and a step can be exported.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        past: int | None = None,
        fill: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__(
            channels_in,
            channels_out,
            kernel,
            edge="replicate",
            stride=stride,
            groups=groups,
            pad=None if past is None else (past, 0),
            fill=fill,
            bias=bias,
        )
        if past is not None:  # rows of the stride that are not seen are not waited for
            self.lookahead = self.span - stride - past

    def initial_state(self, batch: int) -> State:
        """Return zeros for the rows before the next output's, and that no row has come."""
        return self.zeros(batch, self.pad[0], self.channels_in), self.zeros(batch, 1, 1).bool()

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Convolve what is complete, the first row in the place of what was before it."""
        kept, begun = state
        if not x.shape[1]:
            return x.new_zeros(x.shape[0], 0, self.channels_out), state
        rows = torch.cat((torch.where(begun, kept, x[:, :1]), x), 1)
        y = self._convolve(rows)
        return y, (tail(rows, y.shape[1] * self.stride), torch.ones_like(begun))

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Convolve what fills a stride up with the last row."""
        kept, _ = state
        return self._convolve(self._extend(kept, 0, self._lacking(kept.shape[1])))
