"""What VALL-E's second model is made of."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.valle.config import ValleConfig


@dataclass(frozen=True, kw_only=True)
class ValleNARConfig(ValleConfig):
    """levels: that are known in the end, the first among them."""

    levels: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.trunk.causal:
            raise ModelError("the second model of VALL-E sees both sides; trunk.causal is false")
        if self.tokens.check_levels(self.levels) < 2:
            raise ModelError("one level leaves the second model of VALL-E nothing to fill in")
