"""Texts of tokens: by letters, or in Whisper's sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from vocable.train.language.families.parts import track_of, transformer
from vocable.train.language.recipe import Family, Track, Trunk


@dataclass(frozen=True, kw_only=True)
class Recogniser(Family):
    """Texts of tokens, letter by letter."""

    kind: Literal["recogniser"] = "recogniser"
    track: str = "acoustic"
    levels: int = 0  # that are read; 0: all of the data
    dedup: bool = False  # equal neighbours are one frame
    letters: str = " 'abcdefghijklmnopqrstuvwxyz"

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.recogniser import RecogniserConfig
        from vocable.language.stages import Part

        track = track_of(tracks, self.track)
        part = Part(self.track, track.spec, self.levels or track.levels, dedup=self.dedup)
        return RecogniserConfig(transformer(self.trunk, causal=False), part, self.letters)

    def network(self, config: Any) -> Any:
        from vocable.language.recogniser import Recogniser as Network

        return Network(config)


@dataclass(frozen=True, kw_only=True)
class Transcriber(Recogniser):
    """Texts of tokens with times, in Whisper's sequences; `trunk` is the encoder."""

    kind: Literal["transcriber"] = "transcriber"  # type: ignore[assignment]
    decoder: Trunk = Trunk()
    language: str = "en"  # of recordings that do not say theirs

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.transcriber import TranscriberConfig

        hearing = super().config(tracks)
        decoder = replace(transformer(self.decoder), cross=self.trunk.width)
        return TranscriberConfig(hearing.trunk, decoder, hearing.part, self.letters, self.language)

    def network(self, config: Any) -> Any:
        from vocable.language.transcriber import Transcriber as Network

        return Network(config)


Family.kinds.update({"recogniser": Recogniser, "transcriber": Transcriber})
