"""Blocks that take rows in chunks: those of one that has begun wait until it is full.

As FocalCodec-Stream has them: what sees ahead to the end of its chunk, and no further.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State, join


class Chunks(Block):
    """Hand whole chunks of `chunk` rows to `run`; of the last, what has begun.

    Chunks lie at absolute positions. A subclass defines `start_chunks` and `run`.
    """

    def __init__(self, chunk: int) -> None:
        super().__init__()
        if chunk < 1:
            raise ModelError(f"a chunk is of 1 row or more but chunk is {chunk}")
        self.chunk = self.stride_in = self.receptive = chunk

    def start_chunks(self, batch: int) -> State:
        """Return what `run` gets before the first chunk."""
        return ()

    def run(
        self, rows: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels_out"], State]:
        """Return the output of whole chunks, or of one that the end broke off."""
        raise NotImplementedError(f"{type(self).__name__} must define run(rows, state)")

    @property
    def step_in(self) -> int:
        """Any rows: those of a chunk that has begun wait."""
        return 1

    @property
    def ragged(self) -> bool:
        """The end may be inside a chunk."""
        return True

    def reach(self, rows: int) -> int | None:
        """Return the rows of the chunks that so many rows touch, and of what those see."""
        if self.receptive is None:
            return None
        return self.receptive + self.chunk * -(-(rows - 1) // self.chunk)

    def initial_state(self, batch: int) -> State:
        """Return the rows that wait (none yet), and what `run` gets."""
        return self.zeros(batch, 0, 0), self.start_chunks(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Run the chunks that are full; the other rows wait."""
        waiting, own = state
        rows = join(waiting, x) if waiting.shape[1] else x
        ready = rows.shape[1] - rows.shape[1] % self.chunk
        if not ready:
            none = x.new_zeros(x.shape[0], 0, self.channels_out or x.shape[2])
            return none, (rows if rows.shape[1] else waiting, own)
        y, own = self.run(rows[:, :ready], own)
        # cloned, so that the state does not keep the whole input alive
        rest = rows[:, ready:].clone() if ready < rows.shape[1] else self.zeros(len(rows), 0, 0)
        return y, (rest, own)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Run the chunk that has begun."""
        waiting, own = state
        if not waiting.shape[1]:
            return self.zeros(len(waiting), 0, 0)
        return self.run(waiting, own)[0]
