"""The recipe of a run that fine-tunes a CSM."""

from __future__ import annotations

from dataclasses import dataclass

from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.train.checks import check


@dataclass(frozen=True, kw_only=True)
class Depth:
    """What the depth model learns from: Sesame's amortisation."""

    share: float = 1 / 16  # of the frames

    def __post_init__(self) -> None:
        check(0 < self.share <= 1, f"depth.share is {self.share}; wanted above 0, up to 1")


@dataclass(frozen=True, kw_only=True)
class CsmRecipe(FinetuneRecipe):
    """All that makes a run, apart from the set."""

    task: str = "finetune-csm"
    codec: str = "kyutai/mimi"  # where the model's files have none among them
    depth: Depth = Depth()
