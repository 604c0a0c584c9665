"""What a model of frames is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.places import PlacesConfig
from vocable.tokens import Layout, TokenSpec

_CLOSED = ("coarse_first", "level_major")  # whose later parts begin where the first ends


@dataclass(frozen=True)
class FramesConfig:
    """A transformer over the steps of a layout.

    spec    of the tokens, as `TokenSpec.to_dict` gives it
    levels  that are modelled, the first ones
    layout  its name; delays, groups: as in `Layout`
    track   the name that the tokens have among those of a recording
    depth   the model that draws the rows of a step in turn, for the layouts that have it
    streams of the tokens, as of a conversation's channels: all at the same steps (Moshi,
            arXiv:2410.00037), the rows of a level together, so that what comes late comes last
    places  where codes lie among their neighbours, where the model is told that
    """

    trunk: TransformerConfig
    spec: dict[str, Any]
    levels: int
    layout: str = "delay"
    delays: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    track: str = "acoustic"
    depth: TransformerConfig | None = None
    streams: int = 1
    places: PlacesConfig | None = None

    def __post_init__(self) -> None:
        order = self.order
        if order.one_row:
            raise ModelError(
                f"layout {self.layout} has one row; a model of stages foretells it: kind = "
                '"flatten"'
            )
        if order.deep != (self.depth is not None):
            needs = "needs a depth model" if order.deep else "has no depth model"
            raise ModelError(f"layout {self.layout} {needs}; see config.depth")
        if self.streams < 1:
            raise ModelError(f"streams must be at least 1 but is {self.streams}")
        self.tokens.check_levels(self.levels)
        if self.places is not None:
            self.places.check(self.levels)

    @cached_property
    def tokens(self) -> TokenSpec:
        """What the tokens are."""
        return TokenSpec.from_dict(self.spec)

    @property
    def order(self) -> Layout:
        """The order of the tokens."""
        return Layout(self.layout, self.delays, self.groups)

    @property
    def rows(self) -> list[int]:
        """What each row foretells: `stream * levels + level`."""
        one = self.order.levels_of_rows(self.tokens, self.levels)
        return [stream * self.levels + level for level in one for stream in range(self.streams)]

    @property
    def level_sizes(self) -> list[int]:
        """Codes of each level."""
        return [level.size for level in self.tokens.levels[: self.levels]]

    @property
    def sizes(self) -> list[int]:
        """Codes of each row."""
        return [self.level_sizes[row % self.levels] for row in self.rows]

    @property
    def ends(self) -> bool:
        """Whether a recording may end where the model says so, in row 0."""
        return self.layout not in _CLOSED

    @property
    def end(self) -> int:
        """The id of row 0 that ends a recording; `begin` and `inside` come behind it."""
        return self.sizes[0]

    @property
    def begin(self) -> int:
        """What row 0 is given before the first frame of a recording."""
        return self.sizes[0] + 1

    @property
    def inside(self) -> int:
        """What row 0 is given before frames from the middle of one."""
        return self.sizes[0] + 2
