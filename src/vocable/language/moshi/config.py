"""What a Moshi is made of; "moshi-7b" as a function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from vocable.errors import ModelError
from vocable.language.abilities import Abilities
from vocable.language.config import NoPositions, TransformerConfig
from vocable.tokens import Level, TokenSpec
from vocable.tokens.layouts import SideBySide
from vocable.tokens.layouts import moshi as moshi_layout


@dataclass(frozen=True)
class MoshiConfig:
    """A temporal model over frames, and a depth model over the levels of one.

    depth       has weights for each level: its `sets` are as many
    levels      that it speaks
    user_levels that it hears
    codes       ids of a level
    text        ids of text
    delay       steps that all levels but the first come later
    rate, frame Hz of the codec, and samples of its frame
    """

    temporal: TransformerConfig
    depth: TransformerConfig
    levels: int = 8
    user_levels: int = 8
    codes: int = 2048
    text: int = 32_000
    delay: int = 1
    rate: int = 24_000
    frame: int = 1920

    def __post_init__(self) -> None:
        for name in ("levels", "user_levels", "codes", "text"):
            if getattr(self, name) < 1:
                raise ModelError(f"{name} must be at least 1 but is {getattr(self, name)}")
        if self.delay < 0:
            raise ModelError(f"delay must be 0 steps or more but is {self.delay}")
        if self.depth.sets != self.levels:
            raise ModelError(
                f"a Moshi of {self.levels} levels has weights for each; its depth model has sets = "
                f"{self.depth.sets}"
            )
        if self.temporal.cross is not None or self.temporal.sets is not None:
            raise ModelError("Moshi's temporal model has neither cross-attention nor sets")

    @property
    def drawn(self) -> int:
        """Rows that it draws: text, and the levels that it speaks."""
        return 1 + self.levels

    @property
    def sizes(self) -> tuple[int, ...]:
        """Ids of each row: text, its own levels, those it hears; the last is the initial one."""
        return (self.text + 1, *(self.codes + 1,) * (self.levels + self.user_levels))

    @property
    def initial(self) -> Int64[np.ndarray, " rows"]:
        """The ids that stand in a row before it begins."""
        return np.array(self.sizes, np.int64) - 1

    @property
    def layout(self) -> SideBySide:
        """The order of its rows, as `tokens.layouts.moshi` has it."""
        return moshi_layout(late=self.delay)

    @property
    def begins(self) -> Int64[np.ndarray, " rows"]:
        """The first step of each row that holds a token of a frame, as the layout has it."""
        own, user = (
            TokenSpec("moshi-rows@1:0", self.rate, self.frame, 1, (Level(self.codes),) * n, (n,))
            for n in (self.levels, self.user_levels)
        )
        layout = moshi_layout(late=self.delay, given=())
        steps = range(layout.lead + self.delay + 1)
        legal = layout.legal({"moshi": own, "user": user}, steps).kinds.any(2)
        return np.asarray(legal.argmax(1))

    @property
    def name(self) -> str:
        """The published model's name, or the family's with its layers and width."""
        if self == moshi_7b():
            return "moshi-7b"
        return f"moshi-{self.temporal.layers}x{self.temporal.width}"

    @property
    def abilities(self) -> Abilities:
        """What such a model can do."""
        seconds = self.temporal.context * self.frame / self.rate
        return Abilities(
            continues=False, clones=False, text="heard and spoken", languages=("English",),
            context=self.temporal.context, seconds=round(seconds, 2), codec="mimi",
            levels=self.levels, rate=self.rate,
        )  # fmt: skip


def moshi_7b() -> MoshiConfig:
    """Return the config of Moshiko and Moshika."""
    temporal = TransformerConfig(
        width=4096, layers=32, heads=32, hidden=11_264, context=3000, window=3000, eps=1e-8
    )
    depth = TransformerConfig(
        width=1024, layers=6, heads=16, hidden=2816, context=8, eps=1e-8,
        positions=NoPositions(), last_norm=False, sets=8,
    )  # fmt: skip
    return MoshiConfig(temporal, depth)
