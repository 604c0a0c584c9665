"""The recipe of a run that trains units: what is told of frames, and what is clustered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.data.tables import Augment, Data
from vocable.train.recipe import Recipe

MOST_CLASSES = 32767  # they are kept as int16


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
    """What masked prediction tells of frames: classes of them.

    teacher: "phones" (those that the manifest states), or an encoder whose frames are clustered:
    "mfcc", "log-mel", or the name, folder or file of one.
    layer: of the encoder; 0 is the input to its first block, and all of mfcc and log-mel.
    classes: clusters, or at least as many as there are phones.
    """

    teacher: str = ""
    layer: int = 0
    classes: int = 100

    def __post_init__(self) -> None:
        check(self.layer >= 0, f"targets.layer is {self.layer}; wanted 0 or more")
        check(
            1 < self.classes <= MOST_CLASSES,
            f"targets.classes is {self.classes}; wanted 2 to {MOST_CLASSES}",
        )


@dataclass(frozen=True, kw_only=True)
class Again:
    """New targets on the way, by what the model itself has learnt; its weights are kept.

    after: share of the run behind which they are made; 0: never.
    by: "clusters" of a layer, as HuBERT's second iteration has them, with a head of their own, or
    "told": the teacher's classes go on, and frames that have none get what the model tells
    (pseudo-labels; Lee 2013, Xie et al. 2020, arXiv:1911.04252).
    """

    after: float = 0.0
    by: Literal["clusters", "told"] = "clusters"
    layer: int = 3  # whose output is clustered
    classes: int = 200

    def __post_init__(self) -> None:
        check(0 <= self.after < 1, f"again.after is {self.after}; wanted 0 or more, below 1")
        check(self.layer > 0, f"again.layer is {self.layer}; wanted 1 or more")
        check(
            1 < self.classes <= MOST_CLASSES,
            f"again.classes is {self.classes}; wanted 2 to {MOST_CLASSES}",
        )


@dataclass(frozen=True, kw_only=True)
class Mask:
    """Which frames are hidden, and which of them count."""

    share: float = 0.08  # of the frames at which a span begins
    length: int = 10  # frames of a span; spans may overlap
    seen: float = 0.0  # weight of the loss of frames that are not hidden
    bands: int = 0  # most that are hidden side by side, twice in an excerpt, over all of it

    def __post_init__(self) -> None:
        check(0 <= self.share <= 1, f"mask.share is {self.share}; wanted 0 to 1")
        check(self.length > 0, f"mask.length is {self.length}; wanted 1 or more")
        check(self.bands >= 0, f"mask.bands is {self.bands}; wanted 0 or more")
        check(self.seen >= 0, f"mask.seen is {self.seen}; wanted 0 or more")
        check(
            self.share > 0 or self.seen > 0,
            "mask.share and mask.seen are 0, so that nothing is learnt; set one of them above 0",
        )


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Which coming frames contrastive prediction picks, and among which wrong ones."""

    steps: int = 6  # frames of 20 ms, from the first that has not been heard yet
    within: int = 96  # wrong frames, of the same excerpt
    across: int = 32  # wrong frames of the whole batch

    def __post_init__(self) -> None:
        check(self.steps > 0, f"contrast.steps is {self.steps}; wanted 1 or more")
        check(
            min(self.within, self.across) >= 0 < self.within + self.across,
            f"contrast.within is {self.within}, contrast.across {self.across}; wanted 0 or more, "
            "and not both 0",
        )


@dataclass(frozen=True, kw_only=True)
class UnitsRecipe(Recipe):
    """All that makes a run, apart from the recordings."""

    task: str = "units"
    units: UnitsTable = UnitsTable()
    objective: Literal["masked", "contrastive"] = "masked"  # of frames that come: contrastive
    targets: Targets = Targets()
    again: Again = Again()
    mask: Mask = Mask()
    contrast: Contrast = Contrast()
    data: Data = Data(batch=16, segment=4.0)
    augment: Augment = Augment()
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: inside the blocks, where it is faster

    def __post_init__(self) -> None:
        super().__post_init__()
        teacher, told = self.targets.teacher, self.objective == "masked"
        check(
            bool(teacher) or not told,
            "targets.teacher is empty; name phones, mfcc, log-mel or an encoder",
        )
        check(
            told or not (teacher or self.again.after),
            "contrastive prediction has no teacher and no second targets; leave out "
            "targets.teacher and again, or take a recipe of masked prediction",
        )
        check(
            not self.again.after or self.schedule.steps > 0,
            "again.after needs schedule.steps: a run by the clock could not be resumed exactly",
        )
        check(
            self.targets.teacher != "phones" or self.augment.trim_db is None,
            "augment.trim_db cuts recordings, and their phones would be late; leave it out",
        )
