"""The quantizer of a codec as a table of its config, so that a recipe can name it.

    config = { quantizer = { kind = "fsq", steps = [8, 5, 5, 5] } }

A new one is a class more in `QuantizerConfig.kinds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from vocable.quantize import (
    BSQ,
    FSQ,
    LFQ,
    AtanhBound,
    Bound,
    Gradient,
    Quantizer,
    ResidualFSQ,
    ResidualLFQ,
    ResidualVQ,
    SimVQ,
    SymmetricBound,
    TanBound,
)

BOUNDS: dict[str, Bound] = {
    "tan": TanBound(),
    "atanh": AtanhBound(),
    "symmetric": SymmetricBound(),
}


@dataclass(frozen=True)
class QuantizerConfig(ABC):
    """What makes a quantizer; a table chooses by its `kind`."""

    kinds: ClassVar[dict[str, type[QuantizerConfig]]] = {}

    @abstractmethod
    def make(self, dim: int) -> Quantizer:
        """Return the quantizer of latents of so many channels."""


@dataclass(frozen=True)
class FSQConfig(QuantizerConfig):
    """Numbers that are rounded (`FSQ`)."""

    steps: tuple[int, ...]  # places of each number of a code
    groups: int = 1  # codes a frame
    bound: Literal["tan", "atanh", "symmetric"] = "tan"
    kind: Literal["fsq"] = "fsq"

    def make(self, dim: int) -> Quantizer:
        return FSQ(self.steps, dim=dim, groups=self.groups, bound=BOUNDS[self.bound])


@dataclass(frozen=True)
class ResidualFSQConfig(QuantizerConfig):
    """Numbers that are rounded, and what is left again (`ResidualFSQ`)."""

    steps: tuple[int, ...]
    levels: int  # codes a frame
    dropout: float = 0.0  # share of training items that use a drawn number of levels
    kind: Literal["residual-fsq"] = "residual-fsq"

    def make(self, dim: int) -> Quantizer:
        return ResidualFSQ(self.steps, self.levels, dim=dim, dropout=self.dropout)


@dataclass(frozen=True)
class LFQConfig(QuantizerConfig):
    """Numbers of which the sign counts (`LFQ`)."""

    bits: int  # of a code
    groups: int = 1  # codes a frame
    kind: Literal["lfq"] = "lfq"

    def make(self, dim: int) -> Quantizer:
        return LFQ(self.bits, dim=dim, groups=self.groups)


@dataclass(frozen=True)
class BSQConfig(QuantizerConfig):
    """Signs of latents of length 1 (`BSQ`)."""

    bits: int
    groups: int = 1
    kind: Literal["bsq"] = "bsq"

    def make(self, dim: int) -> Quantizer:
        return BSQ(self.bits, dim=dim, groups=self.groups)


@dataclass(frozen=True)
class ResidualLFQConfig(QuantizerConfig):
    """Signs, and those of what is left (`ResidualLFQ`)."""

    bits: int
    levels: int  # codes a frame
    dropout: float = 0.0
    kind: Literal["residual-lfq"] = "residual-lfq"

    def make(self, dim: int) -> Quantizer:
        return ResidualLFQ(self.bits, self.levels, dim=dim, dropout=self.dropout)


@dataclass(frozen=True)
class SimVQConfig(QuantizerConfig):
    """Residual levels whose entries one map each makes of frozen vectors (`SimVQ`)."""

    sizes: tuple[int, ...]  # entries of each level
    dropout: float = 0.0
    kind: Literal["simvq"] = "simvq"

    def make(self, dim: int) -> Quantizer:
        aids: dict[str, Any] = {"update": Gradient(), "revival": None, "initialise": None}
        return ResidualVQ(dim, self.sizes, codebook=SimVQ(), dropout=self.dropout, **aids)


QuantizerConfig.kinds.update(
    {
        "fsq": FSQConfig,
        "residual-fsq": ResidualFSQConfig,
        "lfq": LFQConfig,
        "bsq": BSQConfig,
        "residual-lfq": ResidualLFQConfig,
        "simvq": SimVQConfig,
    }
)
