"""The recipe of a run that trains a model that says phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class SayTable:
    """What is trained, and over which codec."""

    codec: str = "speech-16k"  # whose tokens are said
    # the spec of the units that are said, as the data has it; empty: phones
    units: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)  # overrides of SayConfig
    name: str = ""  # of the exported model; empty: the recipe's name
    version: str = "1"
    licence: str = ""  # of the weights, for the model's config.json


@dataclass(frozen=True, kw_only=True)
class Speech:
    """How utterances are drawn."""

    frames: int = 500  # of a batch, padding among them
    reference: int = 75  # frames at most that a voice is heard in
    weights: dict[str, float] = field(default_factory=dict)  # of sets; else each has 1
    share: float = 0.5  # of the frames that levels from `shared` on are asked for
    shared: int = 4
    held_out: int = 40  # utterances of each set that are evaluated, at most

    def __post_init__(self) -> None:
        for name in ("frames", "reference", "held_out", "shared"):
            value = getattr(self, name)
            check(value > 0, f"speech.{name} is {value}; wanted 1 or more")
        check(0 < self.share <= 1, f"speech.share is {self.share}; wanted above 0, up to 1")


@dataclass(frozen=True, kw_only=True)
class Past:
    """What is done to what a model hears of its own past, so that it does not lean on it."""

    without: float = 0.15  # share of utterances whose past is left out
    lost: float = 0.1  # share of frames that are
    noise: float = 0.2  # deviation of what is added, in deviations of the codec's entries

    def __post_init__(self) -> None:
        for name in ("without", "lost"):
            value = getattr(self, name)
            check(0 <= value <= 1, f"past.{name} is {value}; wanted 0 to 1")
        check(self.noise >= 0, f"past.noise is {self.noise}; wanted 0 or more")


@dataclass(frozen=True, kw_only=True)
class SayRecipe(Recipe):
    """All that makes a run, apart from the speech."""

    task: str = "say"
    say: SayTable = SayTable()
    speech: Speech = Speech()
    past: Past = Past()
    weights: dict[str, float] = field(default_factory=dict)  # of losses by name; else each has 1
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: where it is faster
