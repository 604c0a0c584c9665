"""What VALL-E's first model is made of."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.errors import ModelError
from vocable.language.valle.config import ValleConfig


@dataclass(frozen=True)
class ValleARConfig(ValleConfig):
    """groups: frames of a step, one after the other in time (VALL-E 2); VALL-E has 1."""

    groups: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.trunk.causal:
            raise ModelError("the first model of VALL-E draws in order; its trunk is causal")
        if self.groups < 1:
            raise ModelError(f"a step has at least 1 frame but groups is {self.groups}")

    @property
    def end(self) -> int:
        """The id that ends a recording, behind the codes of the first level."""
        return self.tokens.levels[0].size
