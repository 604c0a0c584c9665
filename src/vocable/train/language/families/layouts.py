"""A codec's frames in a layout: several rows, or one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vocable.train.language.families.parts import (
    axes_of,
    is_told,
    places_config,
    track_of,
    transformer,
)
from vocable.train.language.recipe import Family, Track, Trunk


@dataclass(frozen=True, kw_only=True)
class Layouts(Family):
    """A codec's frames in a layout of several rows: parallel, delay, depth, acoustic_delay …

    Of a track of several streams each has such rows, at the same steps.
    """

    kind: Literal["layout"] = "layout"
    layout: str = "delay"
    delays: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    track: str = "acoustic"
    levels: int = 0  # that are modelled; 0: all of the data
    depth: Trunk | None = None  # of the layouts whose rows are drawn in turn
    places: bool | None = None  # whether it is told where codes lie; None: where the data says it

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.frames import FramesConfig

        track = track_of(tracks, self.track, one_stream=False)
        levels = self.levels or track.levels
        return FramesConfig(
            transformer(self.trunk), track.spec, levels, self.layout, self.delays, self.groups,
            self.track, None if self.depth is None else transformer(self.depth), track.streams,
            places_config(self.places, tracks, self.track, levels),
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
    embedding: int = 0  # width of the table of ids; 0: the trunk's
    places: bool | None = None  # whether it is told where codes lie; None: where the data says it

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.stages import Part

        track = track_of(tracks, self.track)
        part = Part(self.track, track.spec, self.levels or track.levels)
        return self.stage_of(tracks, part)

    def stage_of(self, tracks: dict[str, Track], target: Any, given: Sequence[Any] = ()) -> Any:
        """Return the config of a stage of these parts."""
        from vocable.language.stages import StageConfig

        parts = (*given, target)
        told = is_told(self.places, tracks, [part.track for part in parts if not part.whole])
        places = tuple(
            () if part.whole else axes_of(tracks, part.track, part.first, part.last)
            for part in (parts if told else ())
        )
        trunk = transformer(self.trunk)
        return StageConfig(trunk, target, tuple(given), self.embedding, places)

    def network(self, config: Any) -> Any:
        from vocable.language.stages import Stage

        return Stage(config)


Family.kinds.update({"layout": Layouts, "flatten": Flatten})
