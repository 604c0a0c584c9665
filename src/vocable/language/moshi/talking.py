"""Sound in, sound out: a talk with Moshi through a codec that encodes and decodes in steps."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.errors import AudioError, ModelError
from vocable.language.moshi.conversation import Conversation, MoshiFrame
from vocable.language.sound import Block, DecodesSteps, Flow

Said: TypeAlias = tuple[MoshiFrame, Block]


@runtime_checkable
class Hears(DecodesSteps, Protocol):
    """A codec that also encodes in steps."""

    def start_encoding(self, batch: int = 1, *, levels: int | None = None) -> Any: ...

    def encode_step(self, block: Tensor, state: Any) -> tuple[Any, Any]: ...

    def finish_encoding(self, state: Any) -> Any: ...


class Talk(Flow[Said]):
    """What is said while sound comes in: frames with their text, and blocks `[1, samples]`.

    It ends with what comes in, whose last frame is filled with silence, or before, by a rule of the
    conversation: `reason` says which ("left": the sound has ended).
    """

    def __init__(
        self, conversation: Conversation, sound: Iterable[Block], codec: Hears, levels: int
    ) -> None:
        super().__init__(conversation, _answers(conversation, _heard(sound, codec, levels), codec))


def _heard(sound: Iterable[Block], codec: Hears, levels: int) -> Iterator[np.ndarray]:
    """Yield the frames `[levels]` of blocks of sound."""
    state = codec.start_encoding(1, levels=levels)
    for block in sound:
        codes, state = codec.encode_step(_samples(block), state)
        yield from to_numpy(codes.stacked()[0]).T
    yield from to_numpy(codec.finish_encoding(state).stacked()[0]).T


def _answers(
    conversation: Conversation, frames: Iterable[np.ndarray], codec: Hears
) -> Generator[Said, None, None]:
    state = codec.start_decoding(1)
    try:
        for frame in frames:
            answer = _step(conversation, frame)
            if answer is not None:
                spoken = torch.from_numpy(answer.codes)[None, :, None]
                samples, state = codec.decode_step(spoken, state)
                yield answer, to_numpy(samples[0])
            if conversation.reason is not None:
                return
    finally:
        conversation.leave()


def _step(conversation: Conversation, frame: np.ndarray) -> MoshiFrame | None:
    """Return what is said meanwhile; None also where a rule ends the conversation at this step."""
    try:
        return conversation.step(frame)
    except ModelError:
        if conversation.reason in (None, "error"):
            raise
        return None


def _samples(block: Block) -> Tensor:
    """Return a block of sound as a codec takes it; AudioError for other shapes and integers."""
    found = to_numpy(block)
    if found.ndim != 2 or len(found) != 1 or found.dtype.kind != "f":
        raise AudioError(
            f"a block of sound is floats [1, samples] from -1 to 1 but came as {found.dtype} "
            f"{list(found.shape)}"
        )
    return torch.from_numpy(found.astype(np.float32))[None]
