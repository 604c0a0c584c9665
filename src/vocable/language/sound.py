"""From the frames that a model gives to sound, block by block, by a codec that decodes in steps.

Language models know no codecs: what they ask of one is said here, and a `Codec` has it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from vocable.arrays import to_numpy
from vocable.audio import Audio
from vocable.errors import ModelError
from vocable.tokens import TokenSpec

Block: TypeAlias = Float32[np.ndarray, "channels samples"]
Item = TypeVar("Item")


@runtime_checkable
class DecodesSteps(Protocol):
    """What turns codes `[batch, levels, frames]` into samples `[batch, channels, samples]`."""

    @property
    def spec(self) -> TokenSpec: ...

    def start_decoding(self, batch: int = 1) -> Any: ...

    def decode_step(self, codes: Tensor, state: Any) -> tuple[Tensor, Any]: ...

    def finish_decoding(self, state: Any) -> Tensor: ...


@runtime_checkable
class Runs(Protocol):
    """What has a place of an engine: a session, or what a family makes of one."""

    @property
    def reason(self) -> str | None: ...

    def leave(self) -> None: ...


@runtime_checkable
class Frames(Runs, Protocol):
    """Codes `[levels]` or `[streams, levels]`, frame by frame."""

    def __iter__(self) -> Iterator[Any]: ...


def frames_in(seconds: float, rate: float) -> int:
    """Return how many frames, `rate` a second, last so long; ModelError unless finite, above 0."""
    if not 0 < seconds < 1e6:
        raise ModelError(f"seconds must be above 0, and finite, but are {seconds}")
    return round(seconds * rate)


class Flow(Generic[Item]):
    """What comes of something that runs, item by item.

    `reason` says why it ended, as in `Session`. Who stops listening frees the place: by `leave`, or
    as the object goes.
    """

    def __init__(self, running: Runs, items: Generator[Item, None, None]) -> None:
        self._running, self._items = running, items

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        """Return what comes next; run the model until there is something."""
        return next(self._items)

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs."""
        return self._running.reason

    def leave(self) -> None:
        """End it; its place is free at once."""
        self._running.leave()
        self._items.close()

    def __del__(self) -> None:
        self._running.leave()


class Sound(Flow[Block]):
    """Sound of frames as they come: blocks `[channels, samples]` at the rate that the codec writes.

    Where frames end with an error, the sound before comes first.
    together: frames that are decoded at once, at most. The first is heard as soon as can be; more
    at once take less time, and there is some then.
    """

    def __init__(
        self, frames: Frames, codec: DecodesSteps, streams: int = 1, together: int = 1
    ) -> None:
        super().__init__(frames, _decoded(frames, codec, streams, together))


def joined(blocks: Iterable[Block], codec: DecodesSteps) -> Audio:
    """Return blocks of one channel as a recording; of none, one of no length."""
    nothing = np.zeros((1, 0), np.float32)
    return Audio(np.concatenate([nothing, *blocks], axis=1), codec.spec.writes)


def _decoded(
    frames: Frames, codec: DecodesSteps, streams: int, together: int
) -> Generator[Block, None, None]:
    state, error = codec.start_decoding(streams), None
    try:
        for steps in _growing(frames, together):
            codes = torch.from_numpy(np.stack(steps, -1)).reshape(streams, -1, len(steps))
            block, state = codec.decode_step(codes, state)
            yield from _not_empty(block)
    except Exception as raised:
        error = raised
    yield from _not_empty(codec.finish_decoding(state))
    if error is not None:
        raise error


def _growing(frames: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Join frames to 1, 2, 4 … `most` at once; those before an error come before it."""
    waiting: list[Any] = []
    wanted, error = 1, None
    try:
        for frame in frames:
            waiting.append(frame)
            if len(waiting) == wanted:
                yield waiting
                waiting, wanted = [], min(2 * wanted, most)
    except Exception as raised:
        error = raised
    if waiting:
        yield waiting
    if error is not None:
        raise error


def _not_empty(block: Tensor) -> Iterator[Block]:
    """Yield a block `[streams, channels, samples]` as its channels, if it has samples."""
    if block.shape[-1]:
        yield to_numpy(block.flatten(0, 1))
