"""Recurrent layers: unbounded memory of the past, or of the future as well."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.block import Block, State


class LSTM(Block):
    """Layers of long short-term memory, forward in time; `Residual(LSTM(...))` adds the skip.

    Stays in the weights' precision under autocast: what it carries from row to row would drift.
    """

    receptive = None

    def __init__(self, channels_in: int, channels: int, *, layers: int = 1) -> None:
        super().__init__()
        self.cells = nn.LSTM(channels_in, channels, layers, batch_first=True)

    def initial_state(self, batch: int) -> State:
        """Return zeros for the hidden and the cell values, each `[batch, layers, channels]`."""
        shape = (batch, self.cells.num_layers, self.cells.hidden_size)
        return self.zeros(*shape), self.zeros(*shape)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Run over the rows."""
        hidden, cell = state
        if not x.shape[1]:
            return hidden.new_zeros(x.shape[0], 0, self.cells.hidden_size), state
        before = hidden.transpose(0, 1).contiguous(), cell.transpose(0, 1).contiguous()
        with torch.autocast(x.device.type, enabled=False):
            y, (hidden, cell) = self.cells(x.to(hidden.dtype), before)
        return y, (hidden.transpose(0, 1), cell.transpose(0, 1))


class BidirectionalLSTM(Block):
    """Layers of long short-term memory in both directions, side by side: twice `channels`.

    It needs the recording to its end, so it runs whole only: `lookahead` is None.
    """

    lookahead = None
    receptive = None

    def __init__(self, channels_in: int, channels: int, *, layers: int = 1) -> None:
        super().__init__()
        self.cells = nn.LSTM(channels_in, channels, layers, batch_first=True, bidirectional=True)
        self.channels_out = 2 * channels

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Run over the rows, both ways."""
        dtype = self.zeros(0).dtype
        with torch.autocast(x.device.type, enabled=False):
            y: Tensor = self.cells(x.to(dtype))[0]
        return y

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Refuse: the layers that run backwards begin at the end."""
        raise ModelError(
            "BidirectionalLSTM begins at both ends of the recording, so it has no steps; run the "
            "block whole"
        )
