"""What both models of VALL-E are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vocable.errors import ModelError
from vocable.language.config import NoPositions, TransformerConfig
from vocable.text.phones import SYMBOLS
from vocable.tokens import TokenSpec


@dataclass(frozen=True)
class ValleConfig:
    """A transformer without positions of its own: a step says where it stands.

    spec     of the tokens, as `TokenSpec.to_dict` gives it
    track    the name that the tokens have among those of a recording
    symbols  of texts, those of `text.phones`
    """

    trunk: TransformerConfig
    spec: dict[str, Any]
    track: str = "acoustic"
    symbols: int = len(SYMBOLS)

    def __post_init__(self) -> None:
        if not self.tokens.uniform:
            raise ModelError(
                f"{self.tokens.name} has levels of several rates; VALL-E takes one token of each "
                "level a frame"
            )
        if self.trunk.positions != NoPositions():
            raise ModelError("text and audio count positions apart; a trunk here has none")

    @cached_property
    def tokens(self) -> TokenSpec:
        """What the tokens are."""
        return TokenSpec.from_dict(self.spec)

    @property
    def last(self) -> int:
        """The number that the end has among levels: that of all the track's levels."""
        return len(self.tokens.levels)
