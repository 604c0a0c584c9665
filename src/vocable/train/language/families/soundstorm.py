"""SoundStorm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from vocable.train.language.families.parts import places_config, track_of, transformer
from vocable.train.language.recipe import Family, Track


@dataclass(frozen=True, kw_only=True)
class SoundStorm(Family):
    """Levels one after the other, all frames of each together, beside what is said."""

    kind: Literal["soundstorm"] = "soundstorm"
    track: str = "acoustic"
    levels: int = 0  # that are modelled; 0: all of the data
    given: int = 0  # of these, the first ones, which are always known
    semantic: str = "semantic"  # the track of what is said; empty: none
    places: bool | None = None  # whether it is told where codes lie; None: where the data says it

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.soundstorm import Condition, SoundStormConfig

        track, units = track_of(tracks, self.track), None
        levels = self.levels or track.levels
        if self.semantic:
            units = Condition(track_of(tracks, self.semantic).spec, self.semantic)
        return SoundStormConfig(
            transformer(self.trunk, causal=False), track.spec, levels, self.given, self.track,
            units, places_config(self.places, tracks, self.track, levels),
        )  # fmt: skip

    def network(self, config: Any) -> Any:
        from vocable.language.soundstorm import SoundStorm as Network

        return Network(config)


Family.kinds["soundstorm"] = SoundStorm
