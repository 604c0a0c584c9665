"""What the recipe of every fine-tuning says, whatever model it is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vocable.errors import RecipeError
from vocable.train.checks import check
from vocable.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What is trained: adapters of some layers, or every weight of the model."""

    model: str = ""  # what `vocable.load` takes
    method: Literal["lora", "full"] = "lora"
    targets: tuple[str, ...] = ()  # names of layers, or regular expressions of whole names
    exclude: tuple[str, ...] = ()  # of these
    rank: int = 32
    alpha: float = 0.0  # 0: as the rank
    dropout: float = 0.0
    rslora: bool = False  # alpha counts by the root of the rank
    merge: bool = False  # write the whole model too, with the adapter in its weights

    def __post_init__(self) -> None:
        check(self.rank > 0, f"tuning.rank is {self.rank}; wanted 1 or more")
        check(self.alpha >= 0, f"tuning.alpha is {self.alpha}; wanted 0 or more")
        check(0 <= self.dropout < 1, f"tuning.dropout is {self.dropout}; wanted 0 to below 1")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """How the rows of a prepared set are used."""

    batch: int = 2  # rows
    epochs: float = 1.0  # how often each row is seen, where the command counts the steps
    longest: float = 30.0  # s; longer rows are left out
    most: int = 0  # rows that are used, the first of the set; 0: all
    context: int = 0  # rows of the same source before each, which are seen and not learnt

    def __post_init__(self) -> None:
        for name in ("batch", "epochs", "longest"):
            value = getattr(self, name)
            check(value > 0, f"rows.{name} is {value}; wanted more than 0")
        for name in ("most", "context"):
            value = getattr(self, name)
            check(value >= 0, f"rows.{name} is {value}; wanted 0 or more")


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """How a run is judged, and when it has learnt enough."""

    rows: int = 16  # that bits are counted on
    samples: int = 2  # of their texts, that are spoken at each evaluation; 0: none
    speakers: str = "say-16k"  # what hears whose voice speaks them, or of EMBEDDINGS; "": nothing
    patience: int = 3  # evaluations without a better one, after which the run ends; 0: never

    def __post_init__(self) -> None:
        check(self.rows > 0, f"held_out.rows is {self.rows}; wanted 1 or more")
        for name in ("samples", "patience"):
            value = getattr(self, name)
            check(value >= 0, f"held_out.{name} is {value}; wanted 0 or more")


@dataclass(frozen=True, kw_only=True)
class FinetuneRecipe(Recipe):
    """All that makes a run, apart from the set."""

    average: float = 0.0  # the weights themselves are judged and kept: runs are short
    tuning: Tuning = Tuning()
    rows: Rows = Rows()
    held_out: HeldOut = HeldOut()
    precision: Literal["fp32", "bf16"] = "bf16"  # where the device is faster in bf16

    def check_model(self) -> str:
        """Return the name of the model; RecipeError where none is named."""
        if not self.tuning.model:
            raise RecipeError("tuning.model is empty; name what vocable.load takes")
        return self.tuning.model
