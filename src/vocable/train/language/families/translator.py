"""Units to units."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from vocable.train.language.families.parts import track_of, transformer
from vocable.train.language.recipe import Family, Track, Trunk


@dataclass(frozen=True, kw_only=True)
class Letters:
    """Letters told of a layer's rows beside a translation; see `CtcHead`."""

    side: Literal["encoder", "decoder"]
    layer: int
    text: Literal["source", "target"]
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Translator(Family):
    """Units of one track into those of another; `trunk` is the encoder."""

    kind: Literal["translator"] = "translator"
    decoder: Trunk = Trunk()
    source: str = "source"
    target: str = "target"
    dedup: bool = True  # equal neighbours are one unit
    smoothing: float = 0.2
    letters: str = ""  # of the texts that heads tell
    heads: tuple[Letters, ...] = ()

    def config(self, tracks: dict[str, Track]) -> Any:
        from vocable.language.stages import Part
        from vocable.language.translator import CtcHead, TranslatorConfig

        def part(name: str) -> Part:
            return Part(name, track_of(tracks, name).spec, 1, dedup=self.dedup)

        return TranslatorConfig(
            transformer(self.trunk, causal=False),
            replace(transformer(self.decoder), cross=self.trunk.width),
            part(self.source), part(self.target), self.smoothing, self.letters,
            tuple(CtcHead(**asdict(head)) for head in self.heads),
        )  # fmt: skip

    def network(self, config: Any) -> Any:
        from vocable.language.translator import Translator as Network

        return Network(config)


Family.kinds["translator"] = Translator
