"""How large an adapter is, and how much it counts for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vocable.errors import ModelError


@dataclass(frozen=True)
class LoraSettings:
    """What all pairs of an adapter share.

    rank        of each pair
    alpha       how much it counts for: what it gives is multiplied by `scale`
    dropout     share of its input that is left out in training
    rslora      scale by the root of the rank (Kalajdzievski 2023, arXiv:2312.03732)
    """

    rank: int = 32
    alpha: float = 32.0
    dropout: float = 0.0
    rslora: bool = False

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ModelError(f"an adapter's rank is {self.rank}; wanted 1 or more")
        if not 0 < self.alpha < math.inf:
            raise ModelError(f"an adapter's alpha is {self.alpha}; wanted more than 0")
        if not 0 <= self.dropout < 1:
            raise ModelError(f"an adapter's dropout is {self.dropout}; wanted 0 or more, below 1")

    @property
    def scale(self) -> float:
        """What the product of a pair is multiplied by."""
        return self.alpha / (math.sqrt(self.rank) if self.rslora else self.rank)
