"""What a translator is made of: an encoder, a decoder, and letters that are told beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vocable.errors import ModelError
from vocable.language.config import TransformerConfig
from vocable.language.letters import Letters
from vocable.language.stages.config import Part


@dataclass(frozen=True)
class CtcHead:
    """Letters told of a layer's rows, in training alone, by CTC.

    layer: behind so many layers. text: of which side of the pair. weight: of its nats a letter,
    beside those of a unit.
    """

    side: Literal["encoder", "decoder"]
    layer: int
    text: Literal["source", "target"]
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ModelError(f"a head's weight is 0 or more, not {self.weight}")

    @property
    def name(self) -> str:
        """Of its loss."""
        return f"{self.text}_letters_{self.side}{self.layer}"


@dataclass(frozen=True)
class TranslatorConfig:
    """source, target: parts of one level each, units of two tracks.

    smoothing   share of the probability that training spreads over all units alike
    letters     that texts are written in; needed where there are heads
    """

    encoder: TransformerConfig
    decoder: TransformerConfig
    source: Part
    target: Part
    smoothing: float = 0.2
    letters: str = ""
    heads: tuple[CtcHead, ...] = ()

    def __post_init__(self) -> None:
        for part in (self.source, self.target):
            if part.first or part.last > 1:
                raise ModelError(f"a translator reads level 0 of {part.track} alone")
        if not 0 <= self.smoothing < 1:
            raise ModelError(f"smoothing is 0 or more and below 1, not {self.smoothing}")
        if self.heads:
            Letters(self.letters)
        for head in self.heads:
            layers = getattr(self, head.side).layers
            if not 1 <= head.layer <= layers:
                raise ModelError(
                    f"a head is behind layer {head.layer} of the {head.side}, which has {layers}"
                )
        if len({head.name for head in self.heads}) < len(self.heads):
            raise ModelError("two heads tell the same letters of the same layer; leave one out")

    @property
    def units(self) -> int:
        """How many target units there are; the next id ends them."""
        return self.target.levels[0].size

    @property
    def end(self) -> int:
        """The id that ends a translation."""
        return self.units

    @property
    def begin(self) -> int:
        """The id before its first unit."""
        return self.units + 1
