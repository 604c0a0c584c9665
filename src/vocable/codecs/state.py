"""Hold what streams remember between blocks: plain values, to be kept, joined and picked from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import State, select, stack_states


@dataclass(frozen=True)
class Encoding:
    """Streams on their way to codes."""

    held: State  # of the encoder
    rest: Tensor  # [batch, channels, samples]: what does not fill a frame yet
    levels: int | None  # how many levels every stream gets; None: all

    def __post_init__(self) -> None:
        _check_some(self.batch)

    @property
    def batch(self) -> int:
        """How many streams there are."""
        return self.rest.shape[0]

    def select(self, rows: Sequence[int]) -> Encoding:
        """Return these streams, in this order; the others leave the batch."""
        return Encoding(select(self.held, rows), self.rest[list(rows)], self.levels)

    @staticmethod
    def stack(states: Sequence[Encoding]) -> Encoding:
        """Join streams into one batch, in order.

        All must have the same number of levels and of samples in a frame that has begun, and have
        passed a start-up, if the codec has one; else a ModelError names the stream that differs.
        """
        first = states[0]
        for row, state in enumerate(states):
            if (state.rest.shape[2], state.levels) != (first.rest.shape[2], first.levels):
                raise ModelError(
                    f"stream {row} holds {state.rest.shape[2]} samples, levels={state.levels}; "
                    f"stream 0 {first.rest.shape[2]}, levels={first.levels}; "
                    "run it alone until both have had whole frames"
                )
        rest = torch.cat([state.rest for state in states])
        return Encoding(stack_states([state.held for state in states]), rest, first.levels)


@dataclass(frozen=True)
class Decoding:
    """Streams on their way to audio."""

    held: State  # of the decoder
    batch: int  # how many streams there are

    def __post_init__(self) -> None:
        _check_some(self.batch)

    def select(self, rows: Sequence[int]) -> Decoding:
        """Return these streams, in this order; the others leave the batch."""
        return Decoding(select(self.held, rows), len(rows))

    @staticmethod
    def stack(states: Sequence[Decoding]) -> Decoding:
        """Join streams into one batch, in order; all must have passed a start-up, or none."""
        held = stack_states([state.held for state in states])
        return Decoding(held, sum(state.batch for state in states))


def _check_some(batch: int) -> None:
    if not batch:
        raise ModelError("a state has at least 1 stream; when the last one leaves, drop the state")
