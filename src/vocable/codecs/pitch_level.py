"""Read and move the pitch that level 0 of some codecs' tokens carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.codecs.contours import ContourBook
from vocable.tokens import AudioTokens


class PitchLevel:
    """Adds reading and moving of pitch to a model whose quantizer has a book of contours."""

    def pitch(self, tokens: AudioTokens) -> Float[Tensor, "streams points"]:
        """Return the pitch that tokens carry, four values a frame in Hz, 0 = unvoiced."""
        book = self._book
        codes = torch.tensor(tokens.stacks[0], dtype=torch.int64, device=book.entries.device)
        return book.decode(codes).flatten(1)

    def shift_pitch(self, tokens: AudioTokens, semitones: float) -> AudioTokens:
        """Return tokens whose voice is higher by `semitones`, or lower; all else stays."""
        return self.map_pitch(tokens, lambda hz: hz * 2 ** (semitones / 12))

    def map_pitch(
        self, tokens: AudioTokens, move: Callable[[Float[Tensor, " voiced"]], Tensor]
    ) -> AudioTokens:
        """Return tokens whose pitch is what `move` makes of it, in Hz; all else stays.

        Each contour of the book becomes the one that is nearest to what it moves to. Unvoiced
        points stay so.
        """
        hz = self._book.hz.clone()
        hz[hz > 0] = move(hz[hz > 0])
        moved = self._book.encode(hz[None])[0].cpu().numpy()
        codes = moved[tokens.stacks[0]].astype("int32")
        return replace(tokens, stacks=(codes, *tokens.stacks[1:]))

    @property
    def _book(self) -> ContourBook:
        quantizer = self.quantizer  # type: ignore[attr-defined]  # of the model it is part of
        book: ContourBook = quantizer.book
        return book
