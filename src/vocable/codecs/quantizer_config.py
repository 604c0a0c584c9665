"""The quantizer of a codec as a table of its config, so that a recipe can name it.

    config = { quantizer = { kind = "fsq", steps = [8, 5, 5, 5] } }

A new one is a class more in `QuantizerConfig.kinds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal

import torch
from torch import nn

from vocable.errors import ModelError
from vocable.quantize import (
    BSQ,
    FSQ,
    LFQ,
    VQ,
    Apart,
    AtanhBound,
    Balance,
    Bound,
    Cluster,
    CrossScaleVQ,
    Entropy,
    Gradient,
    GroupedVQ,
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


@dataclass(frozen=True)
class VQConfig(QuantizerConfig):
    """One codebook, of 16 384 entries and more, started by k-means and revived (`VQ`)."""

    size: int
    kind: Literal["vq"] = "vq"

    def make(self, dim: int) -> Quantizer:
        return VQ(dim, self.size)


@dataclass(frozen=True)
class EntropyConfig(QuantizerConfig):
    """Residual levels by gradient, held in use by the loss `entropy` (`Entropy`)."""

    sizes: tuple[int, ...]
    dropout: float = 0.0
    kind: Literal["entropy"] = "entropy"

    def make(self, dim: int) -> Quantizer:
        aids: dict[str, Any] = {"update": Gradient(), "losses": (Entropy(),)}
        return ResidualVQ(dim, self.sizes, dropout=self.dropout, **aids)


@dataclass(frozen=True)
class ERVQConfig(QuantizerConfig):
    """Residual levels whose entries move to vectors, with the losses `balance` and `apart`."""

    sizes: tuple[int, ...]
    dropout: float = 0.0
    kind: Literal["ervq"] = "ervq"

    def make(self, dim: int) -> Quantizer:
        aids: dict[str, Any] = {"update": Gradient(), "revival": Cluster()}
        losses = Balance(), Apart()
        return ResidualVQ(dim, self.sizes, dropout=self.dropout, losses=losses, **aids)


@dataclass(frozen=True)
class GroupedConfig(QuantizerConfig):
    """Groups of channels with residual levels each (`GroupedVQ`); of one level: product VQ."""

    groups: int
    sizes: tuple[int, ...]  # entries of each level of a group
    dropout: float = 0.0
    kind: Literal["grouped"] = "grouped"

    def make(self, dim: int) -> Quantizer:
        return _grouped(dim, self.groups, self.sizes, self.dropout)


@dataclass(frozen=True)
class CrossScaleConfig(QuantizerConfig):
    """Scales of the latent, each in what coarser ones do not foretell of it (`CrossScaleVQ`)."""

    widths: tuple[int, ...]  # channels of the scales before the latent itself, coarsest first
    groups: int  # codes of each scale
    size: int  # entries of each group's codebook
    dropout: float = 0.5
    kind: Literal["cross-scale"] = "cross-scale"

    def make(self, dim: int) -> Quantizer:
        scales = *self.widths, dim
        parts = [_grouped(width, self.groups, (self.size,)) for width in scales]
        pairs = list(pairwise(scales))
        coarsen = [nn.Sequential(_linear(wide, few), nn.GELU()) for few, wide in pairs]
        refine = [
            nn.Sequential(_linear(few, wide), nn.GELU(), _linear(wide, wide)) for few, wide in pairs
        ]
        return CrossScaleVQ(parts, coarsen, refine, dropout=self.dropout)


def _linear(given: int, wanted: int) -> nn.Linear:
    return nn.Linear(given, wanted, dtype=torch.float32)


def _grouped(dim: int, groups: int, sizes: tuple[int, ...], dropout: float = 0.0) -> GroupedVQ:
    if groups < 1 or dim % groups:
        raise ModelError(
            f"groups is {groups} but the latent has {dim} channels; give a number that divides them"
        )
    return GroupedVQ([ResidualVQ(dim // groups, sizes, dropout=dropout) for _ in range(groups)])


QuantizerConfig.kinds.update(
    {
        "fsq": FSQConfig,
        "residual-fsq": ResidualFSQConfig,
        "lfq": LFQConfig,
        "bsq": BSQConfig,
        "residual-lfq": ResidualLFQConfig,
        "simvq": SimVQConfig,
        "vq": VQConfig,
        "entropy": EntropyConfig,
        "ervq": ERVQConfig,
        "grouped": GroupedConfig,
        "cross-scale": CrossScaleConfig,
    }
)
