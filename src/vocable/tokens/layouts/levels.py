"""Count what a layout puts in order: the tokens of the first levels of so many frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from ...errors import TokenError
from ...ratio import Ratio
from ..spec import TokenSpec


@dataclass(frozen=True)
class Levels:
    """The first levels of a spec in `frames` frames: a token every `strides[k]` frames."""

    strides: tuple[int, ...]
    frames: int

    @classmethod
    def of(cls, spec: TokenSpec, frames: int, levels: int | None) -> Levels:
        """Return the first levels of a spec; TokenError for what is not one of its prefixes."""
        if spec.latent is not None:
            raise TokenError(f"{spec.name} makes floats, and a layout orders codes")
        count = spec.check_levels(levels)
        return cls(tuple(level.stride for level in spec.levels[:count]), frames)

    @property
    def counts(self) -> list[int]:
        """Tokens of each level: coarse ones round up."""
        return [-(-self.frames // stride) for stride in self.strides]

    @property
    def unit(self) -> int:
        """Frames between the moments at which a token of any level may begin."""
        return gcd(*self.strides)

    @property
    def units(self) -> int:
        """How many such moments there are."""
        return -(-self.frames // self.unit)

    @property
    def cycle(self) -> int:
        """Frames from one moment at which all levels begin to the next."""
        return lcm(*self.strides)

    @property
    def tokens_per_frame(self) -> Fraction:
        """Tokens of all these levels per finest frame."""
        return sum((Ratio(1, stride) for stride in self.strides), Ratio(0))

    def first(self, levels: int) -> Levels:
        """Return fewer levels of the same frames."""
        return Levels(self.strides[:levels], self.frames)

    def long(self, frames: int) -> Levels:
        """Return the same levels of another number of frames."""
        return Levels(self.strides, frames)
