"""The recipe of a run that trains units: what is told of masked frames, and what is clustered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.data.tables import Augment, Data
from vocable.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class UnitsTable:
    """What is trained."""

    config: dict[str, Any] = field(default_factory=dict)  # overrides of StreamingUnitsConfig
    deeper: int = 2  # layers that are trained behind the last one of the config, then dropped
    name: str = ""  # of the exported tokenizer; empty: the recipe's name
    version: str = "1"  # of its token space
    licence: str = ""  # of the weights, for the model's config.json


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What is told of frames: classes of them.

    teacher: "mfcc" (clusters of cepstra) or "phones" (those that the manifest states).
    classes: clusters of the cepstra, or more than there are phones.
    """

    teacher: str = "mfcc"
    classes: int = 100

    def __post_init__(self) -> None:
        check(self.classes > 1, f"targets.classes is {self.classes}; wanted 2 or more")


@dataclass(frozen=True, kw_only=True)
class Again:
    """New targets on the way: clusters of what the model itself has learnt, as HuBERT's second
    iteration has them. Here the weights are kept and only the head is new.

    after: share of the run behind which they are made; 0: never.
    """

    after: float = 0.0
    layer: int = 3  # whose output is clustered
    classes: int = 200

    def __post_init__(self) -> None:
        check(0 <= self.after < 1, f"again.after is {self.after}; wanted 0 or more, below 1")
        check(self.layer > 0, f"again.layer is {self.layer}; wanted 1 or more")
        check(self.classes > 1, f"again.classes is {self.classes}; wanted 2 or more")


@dataclass(frozen=True, kw_only=True)
class Mask:
    """Which frames are hidden, and which of them count."""

    share: float = 0.08  # of the frames at which a span begins
    length: int = 10  # frames of a span; spans may overlap
    seen: float = 0.0  # weight of the loss of frames that are not hidden

    def __post_init__(self) -> None:
        check(0 <= self.share <= 1, f"mask.share is {self.share}; wanted 0 to 1")
        check(self.length > 0, f"mask.length is {self.length}; wanted 1 or more")
        check(self.seen >= 0, f"mask.seen is {self.seen}; wanted 0 or more")
        check(
            self.share > 0 or self.seen > 0,
            "mask.share and mask.seen are 0, so that nothing is learnt; set one of them above 0",
        )


@dataclass(frozen=True, kw_only=True)
class UnitsRecipe(Recipe):
    """All that makes a run, apart from the recordings."""

    task: str = "units"
    units: UnitsTable = UnitsTable()
    targets: Targets = Targets()
    again: Again = Again()
    mask: Mask = Mask()
    data: Data = Data(batch=16, segment=4.0)
    augment: Augment = Augment()
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: inside the blocks, where it is faster

    def __post_init__(self) -> None:
        super().__post_init__()
        check(
            not self.again.after or self.schedule.steps > 0,
            "again.after needs schedule.steps: a run by the clock could not be resumed exactly",
        )
        check(
            self.targets.teacher != "phones" or self.augment.trim_db is None,
            "augment.trim_db cuts recordings, and their phones would be late; leave it out",
        )
