"""What a SoundStorm is made of."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.places import PlacesConfig
from vocable.language.soundstorm.condition import Condition
from vocable.tokens import TokenSpec


@dataclass(frozen=True)
class SoundStormConfig:
    """A transformer that sees both sides, over the frames of a codec.

    spec       of the tokens, as `TokenSpec.to_dict` gives it
    levels     that are modelled, the first ones
    given      how many of these, the first ones, are always known
    track      the name that the tokens have among those of a recording
    semantic   the tokens of what is said beside them; None: there are none
    places     where codes lie among their neighbours, where the model is told that
    """

    trunk: TransformerConfig
    spec: dict[str, Any]
    levels: int
    given: int = 0
    track: str = "acoustic"
    semantic: Condition | None = None
    places: PlacesConfig | None = None

    def __post_init__(self) -> None:
        if self.trunk.causal:
            raise ModelError("SoundStorm sees both sides; set trunk.causal to false")
        if not self.tokens.uniform:
            raise ModelError(
                f"{self.tokens.name} has levels of several rates; SoundStorm models a codec of one"
            )
        self.tokens.check_levels(self.levels)
        if self.places is not None:
            self.places.check(self.levels)
        if not 0 <= self.given < self.levels:
            raise ModelError(
                f"given is {self.given}; wanted 0 to {self.levels - 1}, fewer than the levels"
            )

    @cached_property
    def tokens(self) -> TokenSpec:
        """What the tokens are."""
        return TokenSpec.from_dict(self.spec)

    @property
    def rate(self) -> Fraction:
        """Frames a second."""
        return self.tokens.frame_rate

    @property
    def sizes(self) -> list[int]:
        """Codes of each level; the id behind them stands for one that is masked."""
        return [level.size for level in self.tokens.levels[: self.levels]]

    @property
    def beside(self) -> list[int]:
        """Codes of each row of what is said."""
        return [] if self.semantic is None else self.semantic.sizes(self.rate)
