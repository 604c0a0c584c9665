"""From the frames that a model gives to sound, block by block, by a codec that decodes in steps.

Language models know no codecs: what they ask of one is said here, and a `Codec` has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.errors import VocableError
from vocable.language.session import Session
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


def blocks_of(session: Session, codec: DecodesSteps, levels: int) -> Iterator[Block]:
    """Yield the sound of a session's frames as they come, at the rate that the codec writes.

    levels: how many ids of a step are codes of the frame, the first ones. The session is left when
    nobody asks for more. Where it ends with an error, the sound before comes first.
    """
    state, error = codec.start_decoding(1), None
    try:
        try:
            for step in session:
                codes = torch.from_numpy(step[:levels])[None, :, None]
                block, state = codec.decode_step(codes, state)
                yield from _not_empty(block)
        except VocableError as raised:
            error = raised
        yield from _not_empty(codec.finish_decoding(state))
        if error is not None:
            raise error
    finally:
        session.leave()


def _not_empty(block: Tensor) -> Iterator[Block]:
    if block.shape[-1]:
        yield to_numpy(block[0])
