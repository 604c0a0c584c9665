"""The families of models that the task trains, as tables of a recipe.

A new one is a class here: what a recipe says of it, and the config and network that come of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from vocable.errors import RecipeError
from vocable.nearest import nearest
from vocable.train.checks import check
from vocable.train.language.recipe import Family, Track, Trunk


@dataclass(frozen=True, kw_only=True)
class Layouts(Family):
    """A codec's frames in a layout of several rows: parallel, delay, depth, acoustic_delay …"""

    kind: Literal["layout"] = "layout"
    layout: str = "delay"
    delays: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    track: str = "acoustic"
    levels: int = 0  # that are modelled; 0: all of the data
    depth: Trunk | None = None  # of the layouts whose rows are drawn in turn

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.frames import FramesConfig

        track = track_of(tracks, self.track)
        return FramesConfig(
            transformer(self.trunk), track.spec, self.levels or track.levels, self.layout,
            self.delays, self.groups, self.track,
            None if self.depth is None else transformer(self.depth),
        )  # fmt: skip

    def network(self, config: Any) -> Any:
        from vocable.language.frames import Frames

        return Frames(config)


@dataclass(frozen=True, kw_only=True)
class Flatten(Family):
    """All levels in one row, frame by frame."""

    kind: Literal["flatten"] = "flatten"
    track: str = "acoustic"
    levels: int = 0  # that are modelled; 0: all of the data

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.stages import Part, StageConfig

        track = track_of(tracks, self.track)
        part = Part(self.track, track.spec, self.levels or track.levels)
        return StageConfig(transformer(self.trunk), part)

    def network(self, config: Any) -> Any:
        from vocable.language.stages import Stage

        return Stage(config)


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
            return StageConfig(trunk, Part(self.semantic, track.spec, track.levels, dedup=True))
        track = track_of(tracks, self.track)
        levels = self.levels or track.levels
        check(
            0 < self.coarse < levels,
            f"model.coarse is {self.coarse}; wanted 1 to {levels - 1}, fewer than the levels",
        )
        first = Part(self.track, track.spec, self.coarse)
        if self.stage == "fine":
            rest = Part(self.track, track.spec, levels, first=self.coarse)
            return StageConfig(trunk, rest, (first,))
        said = track_of(tracks, self.semantic)
        return StageConfig(trunk, first, (Part(self.semantic, said.spec, said.levels, dedup=True),))


@dataclass(frozen=True, kw_only=True)
class SoundStorm(Family):
    """Levels one after the other, all frames of each together, beside what is said."""

    kind: Literal["soundstorm"] = "soundstorm"
    track: str = "acoustic"
    levels: int = 0  # that are modelled; 0: all of the data
    given: int = 0  # of these, the first ones, which are always known
    semantic: str = "semantic"  # the track of what is said; empty: none

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.soundstorm import Condition, SoundStormConfig

        track, units = track_of(tracks, self.track), None
        if self.semantic:
            units = Condition(track_of(tracks, self.semantic).spec, self.semantic)
        return SoundStormConfig(
            transformer(self.trunk, causal=False), track.spec, self.levels or track.levels,
            self.given, self.track, units,
        )  # fmt: skip

    def network(self, config: Any) -> Any:
        from vocable.language.soundstorm import SoundStorm as Network

        return Network(config)


Family.kinds.update({"layout": Layouts, "flatten": Flatten, "audiolm": AudioLM})
Family.kinds.update({"soundstorm": SoundStorm})


def transformer(trunk: Trunk, *, causal: bool = True) -> Any:
    """Return the config of a transformer; causal: whether it sees what comes before alone."""
    from vocable.language.config import TransformerConfig

    return TransformerConfig(**asdict(trunk), causal=causal)


def track_of(tracks: Mapping[str, Track], name: str) -> Track:
    """Return a track of the data. RecipeError names the nearest for one that is not there."""
    if name not in tracks:
        near = nearest(name, list(tracks)) if tracks else "give the data"
        raise RecipeError(f'the model reads a track "{name}", which the data lacks; {near}')
    return tracks[name]
