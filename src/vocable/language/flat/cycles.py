"""Codes in whole cycles, as they are drawn, and a codec of several rates that decodes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Int, Int64
from torch import Tensor

from vocable.language.session import Session
from vocable.tokens import TokenSpec, Vocabulary


class Cycles:
    """Codes `[slots]` of one cycle after the other; what does not fill one at the end is not given.

    `reason` says why they ended, as of `Session`.
    """

    def __init__(self, session: Session, vocabulary: Vocabulary) -> None:
        self.session, self._offsets = session, np.array(vocabulary.offsets)

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs."""
        return self.session.reason

    def __iter__(self) -> Iterator[Int64[np.ndarray, " slots"]]:
        return self

    def __next__(self) -> Int64[np.ndarray, " slots"]:
        """Return the next cycle; run the engine until it is whole."""
        ids = [int(next(self.session)[0]) for _ in self._offsets]
        found: Int64[np.ndarray, " slots"] = np.array(ids) - self._offsets
        return found

    def leave(self) -> None:
        """End the stream; its place is free at once."""
        self.session.leave()


class CycleCodec:
    """A codec whose steps take codes by their slots, `[batch, slots, cycles]`.

    slots: the level of each.
    """

    def __init__(self, codec: Any, slots: Sequence[int]) -> None:
        self._codec, self._slots = codec, torch.tensor(slots)

    @property
    def spec(self) -> TokenSpec:
        """The codec's."""
        found: TokenSpec = self._codec.spec
        return found

    def start_decoding(self, batch: int = 1) -> Any:
        """Return the state before the first cycle."""
        return self._codec.start_decoding(batch)

    def decode_step(
        self, codes: Int[Tensor, "batch slots cycles"], state: Any
    ) -> tuple[Tensor, Any]:
        """Decode the next cycles."""
        levels = [
            codes[:, self._slots == level].transpose(1, 2).flatten(1)
            for level in range(int(self._slots.max()) + 1)
        ]
        found: tuple[Tensor, Any] = self._codec.decode_step(levels, state)
        return found

    def finish_decoding(self, state: Any) -> Tensor:
        """Return what the decoder still withheld."""
        found: Tensor = self._codec.finish_decoding(state)
        return found
