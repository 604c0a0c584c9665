"""The recipe of a run that fine-tunes a model that says texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from vocable.speak.finetune.recipe import FinetuneRecipe
from vocable.train.checks import check
from vocable.train.say.recipe import Past


@dataclass(frozen=True, kw_only=True)
class Reference:
    """How the voice is heard while it is learnt."""

    frames: int = 75  # at most, of another row

    def __post_init__(self) -> None:
        check(self.frames > 0, f"reference.frames is {self.frames}; wanted 1 or more")


@dataclass(frozen=True, kw_only=True)
class SayTuneRecipe(FinetuneRecipe):
    """All that makes a run, apart from the set."""

    task: str = "finetune-say"
    past: Past = Past()
    reference: Reference = Reference()
    weights: dict[str, float] = field(default_factory=dict)  # of losses; else each has 1
