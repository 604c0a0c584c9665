"""From the frames that a model gives to sound, block by block, by a codec that decodes in steps.

Language models know no codecs: what they ask of one is said here, and a `Codec` has it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.tokens import TokenSpec

Block: TypeAlias = Float32[np.ndarray, "channels samples"]


@runtime_checkable
class DecodesSteps(Protocol):
    """What turns codes `[batch, levels, frames]` into samples `[batch, channels, samples]`."""

    @property
    def spec(self) -> TokenSpec: ...

    def start_decoding(self, batch: int = 1) -> Any: ...

    def decode_step(self, codes: Tensor, state: Any) -> tuple[Tensor, Any]: ...

    def finish_decoding(self, state: Any) -> Tensor: ...


@runtime_checkable
class Frames(Protocol):
    """Codes `[levels]` or `[streams, levels]`, frame by frame: a session, or what a family has."""

    @property
    def reason(self) -> str | None: ...

    def leave(self) -> None: ...

    def __iter__(self) -> Iterator[Any]: ...


class Sound:
    """Sound of frames as they come: blocks `[channels, samples]` at the rate that the codec writes.

    Where frames end with an error, the sound before comes first. `reason` says why they ended, as
    in `Session`. Who stops listening frees the place: by `leave`, or as the object goes.
    """

    def __init__(self, frames: Frames, codec: DecodesSteps, streams: int = 1) -> None:
        self._frames, self._blocks = frames, _decoded(frames, codec, streams)

    def __iter__(self) -> Iterator[Block]:
        return self

    def __next__(self) -> Block:
        """Return the next block; run the model until there is one."""
        return next(self._blocks)

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs."""
        return self._frames.reason

    def leave(self) -> None:
        """End it; its place is free at once."""
        self._frames.leave()
        self._blocks.close()

    def __del__(self) -> None:
        self._frames.leave()


def _decoded(frames: Frames, codec: DecodesSteps, streams: int) -> Generator[Block, None, None]:
    state, error = codec.start_decoding(streams), None
    try:
        for step in frames:
            codes = torch.from_numpy(step).reshape(streams, -1, 1)
            block, state = codec.decode_step(codes, state)
            yield from _not_empty(block)
    except Exception as raised:
        error = raised
    yield from _not_empty(codec.finish_decoding(state))
    if error is not None:
        raise error


def _not_empty(block: Tensor) -> Iterator[Block]:
    """Yield a block `[streams, channels, samples]` as its channels, if it has samples."""
    if block.shape[-1]:
        yield to_numpy(block.flatten(0, 1))
