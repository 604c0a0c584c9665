"""The recipe of a run that trains a network to part speakers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vocable.train.checks import check
from vocable.train.data.tables import Augment, Data
from vocable.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class SeparationTable:
    """What is trained."""

    config: dict[str, Any] = field(default_factory=dict)  # overrides of ConvTasNetConfig
    name: str = ""  # of the exported model; empty: the recipe's name
    version: str = "1"
    licence: str = ""  # of the weights, for the model's config.json


@dataclass(frozen=True, kw_only=True)
class MixtureTable:
    """How single speakers become mixtures."""

    apart_db: float = 5.0  # most by which one speaker is louder than another
    loudness_db: tuple[float, float] = (-35.0, -17.0)  # dBFS of a mixture, uniform
    held_out: int = 48  # mixtures of held-out speakers that are evaluated

    def __post_init__(self) -> None:
        check(self.apart_db >= 0, f"mixtures.apart_db is {self.apart_db}; wanted 0 or more")
        check(self.held_out > 0, f"mixtures.held_out is {self.held_out}; wanted 1 or more")
        low, high = self.loudness_db
        check(
            -80 <= low <= high <= 0,
            f"mixtures.loudness_db is {[low, high]}; wanted the lower first, both within -80 to 0",
        )


@dataclass(frozen=True, kw_only=True)
class SeparationRecipe(Recipe):
    """All that makes a run, apart from the recordings.

    Of `augment` the speed, the equalizer, the low pass and `min_rms` are drawn anew for each
    speaker of a mixture; how loud they are is told by `mixtures`.
    """

    task: str = "separation"
    separation: SeparationTable = SeparationTable()
    mixtures: MixtureTable = MixtureTable()
    data: Data = Data(batch=4, segment=3.0)
    augment: Augment = Augment()
