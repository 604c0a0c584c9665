"""What a stage is made of: parts that are given, the part that is foretold, a transformer.

"AudioLM: a Language Modeling Approach to Audio Generation" (Borsos et al. 2022, arXiv:2209.03143):

semantic    nothing is given                                        semantic tokens
coarse      semantic tokens                                         the first levels of the codec
fine        the first levels                                        the others

MusicLM (arXiv:2301.11325) gives the first two, before all else, the tokens of a condition: what the
whole recording is like. A stage that is given nothing and foretells all levels is a model of the
`flatten` layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from jaxtyping import Int

from vocable.errors import ModelError, TokenError
from vocable.language.config import TransformerConfig
from vocable.tokens import AudioTokens, TokenSpec
from vocable.tokens.layouts.levels import Levels
from vocable.tokens.layouts.one_row import one_after_the_other
from vocable.tokens.spec_parts import AnyLevel

BEGIN, INSIDE, TURN = range(3)  # before a recording, before its middle, behind what is given
SPECIALS = 3


@dataclass(frozen=True)
class Part:
    """Levels `first` up to `last` of a track, flattened: frame by frame, levels in order.

    spec    of the track's tokens, as `TokenSpec.to_dict` gives it
    dedup   equal neighbours are one token, as in AudioLM's semantic tokens
    """

    track: str
    spec: dict[str, Any]
    last: int
    first: int = 0
    dedup: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.last <= len(self.tokens.levels):
            raise ModelError(
                f"{self.track} has levels 0 to {len(self.tokens.levels) - 1}, so a part has none "
                f"from {self.first} up to {self.last}"
            )

    @cached_property
    def tokens(self) -> TokenSpec:
        """What the tokens are."""
        return TokenSpec.from_dict(self.spec)

    @property
    def whole(self) -> bool:
        """Whether it is a condition: as many ids for a recording of any length."""
        return self.tokens.whole

    @property
    def levels(self) -> tuple[AnyLevel, ...]:
        """The levels of the part."""
        return self.tokens.levels[self.first : self.last]

    @property
    def cycle(self) -> list[int]:
        """The levels in the order in which they come, until all begin together again."""
        return [int(level) for level in self._order(self._counted(self.tokens.step))]

    def arrange(
        self, tokens: AudioTokens
    ) -> tuple[Int[np.ndarray, " codes"], Int[np.ndarray, " codes"]]:
        """Return the codes of one stream in order, and the level of each."""
        if tokens.streams != 1:
            raise TokenError(f"{self.track} has {tokens.streams} streams; a stage reads one")
        if not tokens.spec.same_codes(self.tokens):
            raise TokenError(
                f"{self.track} is of {tokens.spec.space}, the model reads {self.tokens.space}"
            )
        tokens = tokens.expand()
        if tokens.levels < self.last:
            raise TokenError(
                f"{self.track} has {tokens.levels} levels, the model reads {self.last}"
            )
        if self.whole and tokens.frames != 1:
            raise TokenError(f"{self.track} has {tokens.frames} frames; a condition has one")
        stacks = [each[0].astype(np.int64) for each in tokens.stacks[self.first : self.last]]
        if self.dedup:
            codes = np.stack(stacks)
            fresh = np.append([True], (codes[:, 1:] != codes[:, :-1]).any(0))[: codes.shape[1]]
            stacks = list(codes[:, fresh])
            counted = Levels((1,) * len(stacks), int(fresh.sum()))
        else:
            counted = self._counted(tokens.frames)
        order = np.empty(sum(map(len, stacks)), np.int64)
        for codes, places in zip(stacks, one_after_the_other(counted, 0), strict=True):
            order[places.steps] = codes
        return order, self._order(counted)

    def _counted(self, frames: int) -> Levels:
        return Levels(tuple(level.stride for level in self.levels), frames)

    def _order(self, counted: Levels) -> Int[np.ndarray, " codes"]:
        levels = np.empty(sum(counted.counts), np.int64)
        for level, places in enumerate(one_after_the_other(counted, 0), self.first):
            levels[places.steps] = level
        return levels


@dataclass(frozen=True)
class StageConfig:
    """given: parts that stand before, in this order. target: what is foretold.

    embedding: the width of the table of ids, of which a map makes the trunk's width; 0: as wide as
    the trunk. Most weights of a small model with many ids are its table.
    places: how many axes the places of codes have, by part and level, where the model is told them;
    () for a part of which it is not.
    Ids are numbered one after the other: specials, a block for each level of what is given, a block
    for each level of the target, of which the first also has the end.
    """

    trunk: TransformerConfig
    target: Part
    given: tuple[Part, ...] = ()
    embedding: int = 0
    places: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.embedding < self.trunk.width:
            raise ModelError(
                f"embedding is {self.embedding}; wanted 0, or a width below the trunk's, which is "
                f"{self.trunk.width}"
            )
        if self.target.dedup and len({level.stride for level in self.target.levels}) > 1:
            raise ModelError("levels of several rates have no equal neighbours to join; no dedup")
        if self.target.whole:
            raise ModelError(f"{self.target.track} is a condition, which is given and not foretold")
        levels = [len(part.levels) for part in self.parts]
        told = list(map(len, self.places))
        if told and (len(told) != len(levels) or any(map(_differ, told, levels))):
            raise ModelError(f"places are of {told} levels, but the parts have {levels}")

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts in order."""
        return (*self.given, self.target)

    @property
    def condition(self) -> Part | None:
        """What the whole recording is like, if that is given."""
        return next((part for part in self.given if part.whole), None)

    @property
    def fixed(self) -> int:
        """Positions that do not depend on how long a recording is, its end left out."""
        whole = sum(len(part.levels) for part in self.given if part.whole)
        return 1 + len(self.given) + whole

    @property
    def offsets(self) -> list[list[int]]:
        """The id of code 0 of each level of each part."""
        sizes = [[level.size for level in part.levels] for part in self.parts]
        sizes[-1][0] += 1
        starts = list(accumulate((size for each in sizes for size in each), initial=SPECIALS))
        edges = list(accumulate(map(len, sizes), initial=0))
        return [starts[a:b] for a, b in zip(edges, edges[1:], strict=False)]

    @property
    def placed(self) -> list[tuple[int, int, int]]:
        """The id of code 0, the codes, and the axes of a place, of levels whose places are told."""
        return [
            (offset, level.size, width)
            for part, offsets, widths in zip(self.parts, self.offsets, self.places, strict=False)
            for level, offset, width in zip(part.levels, offsets, widths, strict=False)
        ]

    @property
    def ids(self) -> int:
        """How many ids there are."""
        return self.offsets[-1][-1] + self.block(self.target.last - 1)

    @property
    def last(self) -> int:
        """The number that the end has among levels: that of all the track's levels."""
        return len(self.target.tokens.levels)

    @property
    def end(self) -> int:
        """The id that ends a recording, behind the codes of the target's first level."""
        return self.offsets[-1][0] + self.target.levels[0].size

    def block(self, level: int) -> int:
        """Return how many ids may stand where this level of the target does."""
        return self.tokens_of(level).size + (level == self.target.first)

    def tokens_of(self, level: int) -> AnyLevel:
        """Return a level of the target by its number in the track."""
        return self.target.tokens.levels[level]


def _differ(told: int, levels: int) -> bool:
    return told not in (0, levels)
