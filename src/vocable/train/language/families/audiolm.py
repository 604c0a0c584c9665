"""AudioLM's stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from vocable.train.checks import check
from vocable.train.language.families.layouts import Flatten
from vocable.train.language.families.parts import track_of, transformer
from vocable.train.language.recipe import Family, Track


@dataclass(frozen=True, kw_only=True)
class AudioLM(Flatten):
    """A stage of AudioLM: semantic tokens, then the first levels, then the others."""

    kind: Literal["audiolm"] = "audiolm"  # type: ignore[assignment]
    stage: Literal["semantic", "coarse", "fine"] = "semantic"
    semantic: str = "semantic"
    coarse: int = 4  # levels

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.stages import Part, StageConfig

        trunk = transformer(self.trunk)
        if self.stage == "semantic":
            track = track_of(tracks, self.semantic)
            said = Part(self.semantic, track.spec, track.levels, dedup=True)
            return StageConfig(trunk, said, embedding=self.embedding)
        track = track_of(tracks, self.track)
        levels = self.levels or track.levels
        check(
            0 < self.coarse < levels,
            f"model.coarse is {self.coarse}; wanted 1 to {levels - 1}, fewer than the levels",
        )
        first = Part(self.track, track.spec, self.coarse)
        if self.stage == "fine":
            rest = Part(self.track, track.spec, levels, first=self.coarse)
            return StageConfig(trunk, rest, (first,), self.embedding)
        units = track_of(tracks, self.semantic)
        said = Part(self.semantic, units.spec, units.levels, dedup=True)
        return StageConfig(trunk, first, (said,), self.embedding)


Family.kinds["audiolm"] = AudioLM
