"""The place of an encoder that the published files do not hold."""

from __future__ import annotations

from typing import NoReturn

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn import Block, State
from vocable.ratio import Ratio


class Absent(Block):
    """An encoder that is not there: it takes frames, and refuses them.

    why: what the refusal says, and what to do.
    """

    def __init__(self, frame: int, channels_out: int, why: str) -> None:
        super().__init__()
        self.stride_in, self.ratio, self.receptive = frame, Ratio(1, frame), frame
        self.channels_out, self.why = channels_out, why

    def step(self, x: Float[Tensor, "batch time channels"], state: State) -> NoReturn:
        """Refuse."""
        raise ModelError(f"these weights encode nothing: {self.why}")
