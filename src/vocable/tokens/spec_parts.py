"""Define what a token spec is made of, and what it measures: levels, sides, segments; a source.

Each is a small immutable value that checks itself, so that whatever is built from it can trust it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import log2, prod
from typing import ClassVar, TypeAlias

from ..errors import TokenError
from ..ratio import Ratio

ROLES = ("acoustic", "semantic", "prosody", "condition")
SIDE_TYPES = ("float16", "float32", "float64", "uint8", "int16", "int32", "int64")
SIDE_PERS = ("item", "segment")

MAX_LEVELS = 256
MAX_SIZE = 1 << 24  # entries in one codebook
MAX_COUNT = 1 << 24  # Hz, samples and strides: far above use, far below overflow
MAX_SAMPLES = 1 << 48  # per channel of a recording
MAX_CHANNELS = 256  # channels and streams
MAX_SIDE_VALUES = 1 << 16  # numbers in one side of one item or segment
MAX_OVERLAP = 64  # segments that may cover one sample


def check_count(name: str, value: object, low: int = 1, high: int = MAX_COUNT) -> None:
    """Refuse anything but an integer from `low` to `high`, naming it."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise TokenError(f"{name} must be an integer from {low} to {high}, got {value!r}")


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a word that is not one of `choices`, naming them."""
    if value not in choices:
        raise TokenError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


@dataclass(frozen=True)
class Level:
    """One codebook's row of the token stack: `size` entries, one token every `stride` frames."""

    size: int
    stride: int = 1
    role: str = "acoustic"

    def __post_init__(self) -> None:
        check_count("level size", self.size, 2, MAX_SIZE)
        check_count("level stride", self.stride)
        check_choice("level role", self.role, ROLES)

    @property
    def bits(self) -> Fraction:
        """Bits of one token: log2 of the size, exact for powers of two."""
        return _bits(self.size)


@lru_cache(maxsize=256)
def _bits(size: int) -> Fraction:
    return Ratio(log2(size)).limit_denominator(1_000_000)


@dataclass(frozen=True)
class Latent:
    """Floats in the place of codes: `dim` numbers a frame. It is the only level of its spec.

    What needs integers asks a level for its size; of a latent that is a TokenError.
    """

    dim: int
    role: str = "acoustic"
    stride: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check_count("latent dim", self.dim, 1, MAX_SIDE_VALUES)
        check_choice("latent role", self.role, ROLES)

    @property
    def size(self) -> int:
        """Refuse: there are no entries."""
        raise TokenError(
            f"these tokens are {self.dim} floats a frame, not integers; what needs codes takes a "
            "codec with codebooks"
        )

    @property
    def bits(self) -> Fraction:
        """Refuse: there are no codes."""
        return _bits(self.size)


AnyLevel: TypeAlias = Level | Latent


def level_name(number: int, level: AnyLevel) -> str:
    """Return what pictures call a spec's level `number`: `level 0, prosody`."""
    return f"level {number}" if level.role == "acoustic" else f"level {number}, {level.role}"


@dataclass(frozen=True)
class Side:
    """Numbers beside the codes, per item or per segment (EnCodec-48's scale, FACodec's timbre)."""

    name: str
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    per: str = "item"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier() or len(self.name) > 64:
            raise TokenError(f"side name must be an identifier of ≤ 64 letters, got {self.name!r}")
        object.__setattr__(self, "shape", tuple(self.shape))
        for n in self.shape:
            check_count(f"side {self.name}: each axis of shape", n, 1, MAX_SIDE_VALUES)
        if len(self.shape) > 8 or prod(self.shape) > MAX_SIDE_VALUES:
            raise TokenError(
                f"side {self.name}: shape must have at most 8 axes and {MAX_SIDE_VALUES} numbers, "
                f"got {self.shape}"
            )
        check_choice(f"side {self.name}: dtype", self.dtype, SIDE_TYPES)
        check_choice(f"side {self.name}: per", self.per, SIDE_PERS)


@dataclass(frozen=True)
class Segment:
    """Overlapping pieces that a codec cuts audio into: `length` samples, one every `hop`."""

    length: int
    hop: int

    def __post_init__(self) -> None:
        check_count("segment length", self.length)
        check_count("segment hop", self.hop, -(-self.length // MAX_OVERLAP), self.length)


@dataclass(frozen=True)
class Source:
    """What was encoded: `samples` per channel at `rate` Hz in `channels` channels."""

    samples: int
    rate: int
    channels: int = 1

    def __post_init__(self) -> None:
        check_count("source samples", self.samples, 0, MAX_SAMPLES)
        check_count("source rate", self.rate)
        check_count("source channels", self.channels, 1, MAX_CHANNELS)

    @property
    def seconds(self) -> Fraction:
        """Length in seconds."""
        return Ratio(self.samples, self.rate)


@dataclass(frozen=True)
class Span:
    """The samples from `start` up to, not including, `stop`."""

    start: int
    stop: int
