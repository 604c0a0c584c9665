"""AudioLM's stages, and MusicLM's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.language.families.layouts import Flatten
from vocable.train.language.families.parts import track_of
from vocable.train.language.recipe import Family, Track


@dataclass(frozen=True, kw_only=True)
class AudioLM(Flatten):
    """A stage of AudioLM: semantic tokens, then the first levels, then the others.

    With a condition the first two are those of MusicLM; the others need none.
    """

    kind: Literal["audiolm"] = "audiolm"  # type: ignore[assignment]
    stage: Literal["semantic", "coarse", "fine"] = "semantic"
    semantic: str = "semantic"
    coarse: int = 4  # levels
    condition: str = ""  # the track of what a whole recording is like; empty: none

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.stages import Part

        if self.stage == "semantic":
            track = track_of(tracks, self.semantic)
            units = Part(self.semantic, track.spec, track.levels, dedup=True)
            return self.stage_of(tracks, units, self._conditions(tracks))
        check(
            self.stage != "fine" or not self.condition,
            f'model.condition is "{self.condition}", but stage fine reads none; leave it out',
        )
        track = track_of(tracks, self.track)
        levels = self.levels or track.levels
        check(
            0 < self.coarse < levels,
            f"model.coarse is {self.coarse}; wanted 1 to {levels - 1}, fewer than the levels",
        )
        first = Part(self.track, track.spec, self.coarse)
        if self.stage == "fine":
            rest = Part(self.track, track.spec, levels, first=self.coarse)
            return self.stage_of(tracks, rest, (first,))
        track = track_of(tracks, self.semantic)
        units = Part(self.semantic, track.spec, track.levels, dedup=True)
        return self.stage_of(tracks, first, (*self._conditions(tracks), units))

    def _conditions(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.stages import Part

        if not self.condition:
            return ()
        track = track_of(tracks, self.condition)
        part = Part(self.condition, track.spec, track.levels)
        check(
            part.whole,
            f'model.condition is "{self.condition}", whose tokens are not of whole recordings; '
            "make such: vocable data tokens … --condition",
        )
        return (part,)


Family.kinds["audiolm"] = AudioLM
