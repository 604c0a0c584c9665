"""What a recogniser is made of: the tokens that it reads, an encoder, letters."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.letters import ENGLISH, Letters
from vocable.language.stages.config import Part

STEPS = 50  # places for letters a second: more than the frames of many codecs


@dataclass(frozen=True)
class RecogniserConfig:
    """part: the levels that it reads, of which equal neighbours may be one frame.

    letters: that it writes, the space among them where words are told apart.
    """

    trunk: TransformerConfig
    part: Part
    letters: str = ENGLISH

    def __post_init__(self) -> None:
        if self.trunk.causal:
            raise ModelError("a recogniser sees both sides; set trunk.causal to False")
        if self.part.first:
            raise ModelError(f"a recogniser reads levels from 0 on, not from {self.part.first}")
        Letters(self.letters)

    @property
    def places(self) -> int:
        """Letters that a frame has room for."""
        return max(1, ceil(STEPS / float(self.part.tokens.frame_rate) - 0.01))
