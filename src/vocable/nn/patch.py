"""Rows side by side, and apart again: another rate without a weight.

Of `count` rows one is made, or the other way round. It holds the values of a channel one after the
other, then those of the next channel.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State
from vocable.ratio import Ratio


class Patch(Block):
    """Make one row of `count` times the channels of each `count` rows."""

    channels_out: int

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        self.count, self.channels_out = count, channels * count
        self.stride_in, self.ratio, self.receptive = count, Ratio(1, count), count

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Put rows side by side."""
        batch, time, channels = x.shape
        rows = x.reshape(batch, time // self.count, self.count, channels)
        return rows.transpose(2, 3).flatten(2)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Put rows side by side; there is no state."""
        return self.forward(x), state


class Unpatch(Block):
    """Make `count` rows of each row, each with so many times fewer channels."""

    channels_out: int

    def __init__(self, channels: int, count: int) -> None:
        super().__init__()
        if channels % count:
            raise ModelError(
                f"a row of {channels} channels is not {count} rows; give a count that divides them"
            )
        self.count, self.channels_out = count, channels // count
        self.ratio = Ratio(count)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Cut rows apart."""
        rows = x.reshape(*x.shape[:2], self.channels_out, self.count)
        return rows.transpose(2, 3).flatten(1, 2)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Cut rows apart; there is no state."""
        return self.forward(x), state
