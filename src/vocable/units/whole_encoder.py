"""The base of encoders that hear a whole recording before they give the first row of it."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State
from vocable.ratio import Ratio


class WholeEncoder(Block):
    """Turn samples into a row a frame, whole only: `lookahead` is None.

    A subclass defines `hear`. Samples of a frame that has begun count as one, as they come: what
    is put behind them is its own business.
    """

    lookahead = None
    receptive = None

    def __init__(self, frame: int, channels: int) -> None:
        super().__init__()
        self.stride_in, self.ratio, self.channels_out = frame, Ratio(1, frame), channels

    @property
    def ragged(self) -> bool:
        """The end may be inside a frame."""
        return True

    def hear(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return the rows of one sample or more, and perhaps some beyond the end."""
        raise NotImplementedError(f"{type(self).__name__} must define hear(x)")

    def forward(self, x: Float[Tensor, "batch time 1"]) -> Float[Tensor, "batch frames channels"]:
        """Return a row a frame."""
        frames = -(-x.shape[1] // self.stride_in)
        if not frames:
            return self.zeros(x.shape[0], 0, self.channels_out or 0)
        return self.hear(x)[:, :frames]

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Refuse: the first row needs the last sample."""
        raise ModelError(
            f"{type(self).__name__} hears the whole recording, so it has no steps; run it whole"
        )
