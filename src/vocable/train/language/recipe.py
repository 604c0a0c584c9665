"""The recipe of a run that trains a model of tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from vocable.train.checks import check
from vocable.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """The transformer, and how many positions it sees."""

    width: int = 192
    layers: int = 4
    heads: int = 4
    hidden: int = 512  # of the gated MLP
    context: int = 2048
    dropout: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Family:
    """What is trained; a table chooses by its `kind`. See `families`."""

    kinds: ClassVar[dict[str, type[Family]]] = {}

    kind: str
    trunk: Trunk = Trunk()

    def config(self, tracks: dict[str, Track]) -> Any:
        """Return the config of a network for these tracks. RecipeError where one is missing."""
        raise NotImplementedError

    def network(self, config: Any) -> Any:
        """Return a fresh network, a `Learns` (this loads torch)."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Track:
    """What the data has of a track: its tokens' spec, as a table, its levels and its streams.

    places: how many axes the places of each level's codes have, where the data says them.
    """

    spec: dict[str, Any]
    levels: int
    streams: int = 1
    places: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """How stretches of tokens are drawn."""

    seconds: float = 10.0  # of a stretch, at most
    positions: int = 4096  # of a batch, padding among them
    weights: dict[str, float] = field(default_factory=dict)  # of sets; else each has 1
    held_out: int = 60  # recordings that are evaluated, at most
    patience: int = 0  # evaluations in a row without a gain that end the run; 0: any number

    def __post_init__(self) -> None:
        check(self.seconds > 0, f"tokens.seconds is {self.seconds}; wanted more than 0")
        for name in ("positions", "held_out"):
            value = getattr(self, name)
            check(value > 0, f"tokens.{name} is {value}; wanted 1 or more")
        check(self.patience >= 0, f"tokens.patience is {self.patience}; wanted 0 or more")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What the trained model is called."""

    name: str = ""  # empty: the recipe's name
    version: str = "1"
    licence: str = ""  # of the weights, for the model's config.json


@dataclass(frozen=True, kw_only=True)
class LanguageRecipe(Recipe):
    """All that makes a run, apart from the tokens.

    tracks: of the data, which fills them in.
    """

    task: str = "language"
    model: Family
    tokens: Tokens = Tokens()
    export: Exported = Exported()
    tracks: dict[str, Track] = field(default_factory=dict)
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: where it is faster
