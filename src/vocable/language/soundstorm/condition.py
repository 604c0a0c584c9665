"""Semantic tokens beside the frames of a codec, whatever the two rates.

The rule, in exact fractions: a frame reads the units that begin while it lasts, or, where none
does, the one that lasts into it. So slower units are repeated (12.5 a second at 25 frames: each
twice, as in the paper), of faster ones each stands at one frame (50 at 25: two a frame, first and
second in rows of their own), and any ratio between lies in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Int64

from vocable.errors import ModelError, TokenError
from vocable.language.lessons import NOTHING
from vocable.tokens import AudioTokens, TokenSpec


@dataclass(frozen=True)
class Condition:
    """What is said: semantic tokens that a model reads.

    spec    of the tokens, as `TokenSpec.to_dict` gives it
    track   the name that they have among those of a recording
    """

    spec: dict[str, Any]
    track: str = "semantic"

    def __post_init__(self) -> None:
        if not self.tokens.uniform:
            raise ModelError(
                f"{self.tokens.name} has levels of several rates; a condition has one rate"
            )

    @cached_property
    def tokens(self) -> TokenSpec:
        """What the tokens are."""
        return TokenSpec.from_dict(self.spec)

    def sizes(self, rate: Fraction) -> list[int]:
        """Return the codes of each row that stands beside frames of this rate."""
        return [level.size for level in self.tokens.levels] * self._slots(rate)

    def frames(self, tokens: AudioTokens, rate: Fraction) -> int:
        """Return how many frames of this rate the tokens last."""
        found = tokens.frames * rate / self.tokens.frame_rate
        return -(-found.numerator // found.denominator)

    def arrange(
        self, tokens: AudioTokens, frames: int, rate: Fraction
    ) -> Int64[np.ndarray, "frames rows"]:
        """Return the units that each frame reads; past their end NOTHING."""
        self._check(tokens)
        codes = np.stack([each[0] for each in tokens.expand().stacks]).astype(np.int64)
        codes = np.pad(codes, ((0, 0), (0, 1)), constant_values=NOTHING)
        ratio, at = self.tokens.frame_rate / rate, np.arange(frames)
        begun = -(-(at + 1) * ratio.numerator // ratio.denominator)  # as the frame ends
        first = np.minimum(-(-at * ratio.numerator // ratio.denominator), begun - 1)
        unit = first[:, None] + np.arange(self._slots(rate))
        there = (unit < begun[:, None]) & (unit < codes.shape[1] - 1)
        found = codes[:, np.where(there, unit, -1)]
        return np.ascontiguousarray(found.transpose(1, 2, 0).reshape(frames, -1))

    def _slots(self, rate: Fraction) -> int:
        """Return how many units a frame reads, at most."""
        ratio = self.tokens.frame_rate / rate
        return -(-ratio.numerator // ratio.denominator)

    def _check(self, tokens: AudioTokens) -> None:
        if not tokens.spec.same_codes(self.tokens):
            raise TokenError(
                f"{self.track} is of {tokens.spec.space}, the model reads {self.tokens.space}"
            )
        if tokens.streams != 1:
            raise TokenError(f"{self.track} has {tokens.streams} streams; a model reads one")
        if tokens.levels != len(self.tokens.levels):
            raise TokenError(
                f"{self.track} has {tokens.levels} levels, the model reads "
                f"{len(self.tokens.levels)}"
            )
