"""VALL-E and VALL-E 2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.language.families.parts import track_of, transformer
from vocable.train.language.recipe import Family, Track


@dataclass(frozen=True, kw_only=True)
class Valle(Family):
    """A model of VALL-E: the first draws the first level of a text, the second the others."""

    kind: Literal["valle"] = "valle"
    stage: Literal["ar", "nar"] = "ar"
    track: str = "acoustic"
    levels: int = 0  # that the second has in the end; 0: all of the data
    groups: int = 1  # frames of a step of the first

    def __post_init__(self) -> None:
        check(self.groups > 0, f"model.groups is {self.groups}; wanted 1 or more")
        if self.stage == "ar":
            check(not self.levels, "model.levels is of stage nar; stage ar has the first level")
        else:
            check(self.groups == 1, "model.groups is of stage ar; stage nar has no groups")

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.config import NoPositions
        from vocable.language.valle.ar import ValleARConfig
        from vocable.language.valle.nar import ValleNARConfig

        track = track_of(tracks, self.track)
        causal = self.stage == "ar"
        trunk = replace(transformer(self.trunk), positions=NoPositions(), causal=causal)
        if causal:
            return ValleARConfig(trunk, track.spec, self.track, groups=self.groups)
        return ValleNARConfig(trunk, track.spec, self.track, levels=self.levels or track.levels)

    def network(self, config: Any) -> Any:
        from vocable.language.valle.ar import ValleAR
        from vocable.language.valle.nar import ValleNAR

        return ValleAR(config) if self.stage == "ar" else ValleNAR(config)


Family.kinds["valle"] = Valle
