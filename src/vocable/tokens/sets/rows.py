"""How the codes of a track lie in its file: a row for each moment at which all levels begin.

A row has the tokens of each level in it, level after level, and the rows of several streams stand
side by side. Where the last moment is not whole, what is missing is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt

from ...errors import TokenError
from ..spec import TokenSpec
from ..values import AudioTokens


@dataclass(frozen=True)
class Rows:
    """The tokens of a spec's first `levels` levels, in `streams` streams, as rows."""

    spec: TokenSpec
    levels: int
    streams: int = 1

    def __post_init__(self) -> None:
        self.spec.check_levels(self.levels)
        if self.spec.segment is not None or self.spec.sides:
            raise TokenError(
                f"{self.spec.name} has segments or sides, which a set of tokens cannot hold"
            )

    @property
    def widths(self) -> list[int]:
        """Tokens of each level in one row of one stream."""
        return [self.spec.step // level.stride for level in self.spec.levels[: self.levels]]

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.streams * sum(self.widths)

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """The smallest type, little-endian, that holds every code."""
        most = max(level.size for level in self.spec.levels[: self.levels])
        return np.dtype("<u2") if most <= 1 << 16 else np.dtype("<u4")

    def count(self, frames: int) -> int:
        """Rows of so many frames."""
        return -(-frames // self.spec.step)

    def pack(self, tokens: AudioTokens) -> UInt[np.ndarray, "rows width"]:
        """Return tokens as rows, durations spelled out. TokenError for those of another kind."""
        if not tokens.spec.same_codes(self.spec):
            raise TokenError(f"tokens are of {tokens.spec.space}, the set has {self.spec.space}")
        if (tokens.levels, tokens.streams) != (self.levels, self.streams):
            raise TokenError(
                f"tokens have {tokens.levels} levels in {tokens.streams} streams, the set has "
                f"{self.levels} in {self.streams}"
            )
        tokens = tokens.expand()
        count = self.count(tokens.frames)
        parts = []
        for codes, width in zip(tokens.stacks, self.widths, strict=True):
            filled = np.zeros((self.streams, count * width), self.dtype)
            filled[:, : codes.shape[1]] = codes
            parts.append(filled.reshape(self.streams, count, width))
        rows: np.ndarray = np.concatenate(parts, 2).transpose(1, 0, 2).reshape(count, self.width)
        return rows

    def unpack(self, rows: Int[np.ndarray, "rows width"], frames: int) -> AudioTokens:
        """Return rows as the tokens of so many frames."""
        by_stream = rows.reshape(len(rows), self.streams, sum(self.widths)).transpose(1, 0, 2)
        edges: Sequence[int] = np.cumsum(self.widths)[:-1].tolist()
        levels = self.spec.levels[: self.levels]
        stacks = [
            part.reshape(self.streams, part.shape[1] * part.shape[2])[
                :, : -(-frames // level.stride)
            ].astype(np.int32)
            for part, level in zip(np.split(by_stream, edges, axis=2), levels, strict=True)
        ]
        return AudioTokens(self.spec, stacks)
