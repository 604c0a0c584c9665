"""How an id is chosen among the logits of a row: settings, as values that a file can hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from vocable.errors import ModelError


@dataclass(frozen=True)
class RepetitionPenalty:
    """Make ids of the last `window` draws less likely (CTRL, Keskar et al. 2019, arXiv:1909.05858).

    A positive logit is divided by `factor`, a negative one multiplied. Only a window: silence
    repeats, so over a whole stream it ruins models of codes (OuteTTS: 1.1 over 64).
    """

    factor: float
    window: int = 64

    def __post_init__(self) -> None:
        if not 0 < self.factor < math.inf or self.window < 1:
            raise ModelError(
                f"a repetition penalty needs a factor above 0 and a window of at least 1, not "
                f"{self.factor} and {self.window}"
            )


@dataclass(frozen=True)
class RepetitionAware:
    """Draw from the whole distribution where the nucleus gave what has come too often.

    "vall-e-2" (Chen et al. 2024, arXiv:2406.05370): where its share of the last `window` draws is
    more than `share`. "cosyvoice" (its code): where it is among them `window · share` times or
    more, and then without that id.
    """

    form: Literal["vall-e-2", "cosyvoice"] = "vall-e-2"
    window: int = 10
    share: float = 0.1

    def __post_init__(self) -> None:
        if self.window < 1 or not 0 <= self.share <= 1:
            raise ModelError(
                f"repetition-aware sampling needs a window of at least 1 and a share from 0 to 1; "
                f"given are {self.window} and {self.share}"
            )

    @property
    def least(self) -> int:
        """Draws of an id within the window from which on it is drawn anew."""
        limit = round(self.window * self.share, 9)
        return math.floor(limit) + 1 if self.form == "vall-e-2" else max(1, math.ceil(limit))


@dataclass(frozen=True)
class Sampling:
    """Settings of one row, or of all; what they do comes in this order.

    guidance: how far to go from logits without the condition past those with it; 1: not at all.
    Then `penalty`. temperature: by which logits are divided; 0: the likeliest id (greedy).
    top_k: how many of the likeliest ids are kept; None: all. top_p: of those the fewest whose
    share of the probability is at least this; None: all, 0: one. With `aware`, both count
    over all ids.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    penalty: RepetitionPenalty | None = None
    aware: RepetitionAware | None = None
    guidance: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ModelError(f"temperature must be 0 or more but is {self.temperature}")
        if not math.isfinite(self.guidance):
            raise ModelError(f"guidance must be a number but is {self.guidance}; 1 is none")
        if self.top_k is not None and (self.top_k < 1 or self.top_k != int(self.top_k)):
            raise ModelError(f"top_k must be at least 1 but is {self.top_k}; None keeps all ids")
        if self.top_p is not None and not 0 <= self.top_p <= 1:
            raise ModelError(f"top_p must be from 0 to 1 but is {self.top_p}; None keeps all ids")

    @property
    def window(self) -> int:
        """How many draws are remembered."""
        penalty = self.penalty.window if self.penalty else 0
        return max(penalty, self.aware.window if self.aware else 0)


GREEDY = Sampling(temperature=0.0)
