"""How masked codes are drawn, as values that a file can hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vocable.errors import ModelError


@dataclass(frozen=True)
class MaskedSampling:
    """Settings of MaskGIT's sampler, level by level.

    passes: over the first level that is made, the others have one; or of each that is made, in
    order. The last pass of a level is greedy, the only one of a level is too. temperature: by which
    logits are divided before; 0: all are greedy. choice: how much chance decides which codes stay,
    at first (MaskGIT's choice temperature); 0: confidence alone.
    """

    passes: int | tuple[int, ...] = 16
    temperature: float = 1.0
    choice: float = 1.0

    def __post_init__(self) -> None:
        every = (self.passes,) if isinstance(self.passes, int) else self.passes
        if not every or any(each != int(each) or each < 1 for each in every):
            raise ModelError(f"passes must be 1 or more but are {self.passes}")
        for name in ("temperature", "choice"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ModelError(f"{name} must be 0 or more but is {getattr(self, name)}")

    def passes_of(self, levels: int) -> tuple[int, ...]:
        """Return the passes over each of so many levels. ModelError where they are of others."""
        if isinstance(self.passes, int):
            return (self.passes, *(1,) * (levels - 1))
        if len(self.passes) != levels:
            raise ModelError(
                f"passes are of {len(self.passes)} levels but {levels} are made; give one number "
                "for the first, or one for each"
            )
        return self.passes


def left_masked(masked: int, passes: int) -> list[int]:
    """Return how many of so many codes are still masked after each pass.

    The cosine of MaskGIT (Chang et al. 2022, arXiv:2202.04200), rounded down; every pass leaves at
    least one for the last, and, where it can, fewer than before.
    """
    found, now = [], masked
    for done in range(1, passes):
        wanted = math.floor(masked * math.cos(math.pi / 2 * done / passes))
        now = max(1, min(now - 1, wanted))
        found.append(now)
    return [*found, 0]
