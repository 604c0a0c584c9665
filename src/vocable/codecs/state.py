"""Hold what a stream remembers between blocks: plain values, which can be stacked and picked from."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vocable.nn.block import State


@dataclass(frozen=True)
class Encoding:
    """Streams on their way to codes."""

    held: State  # of the encoder
    rest: Tensor  # [batch, channels, samples], samples that do not fill a step yet
    levels: int | None  # how many levels every stream gets; None: all


@dataclass(frozen=True)
class Decoding:
    """Streams on their way to audio."""

    held: State  # of the decoder
    batch: int  # how many streams
