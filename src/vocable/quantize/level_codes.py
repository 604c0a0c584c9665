"""Codes of all levels: one tensor where the levels have one rate, else one tensor a level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from torch import Tensor

LevelCodes: TypeAlias = Tensor | Sequence[Tensor]
"""`[batch, levels, frames]`; or, where levels have strides, one `[batch, tokens]` a level."""


def as_levels(codes: LevelCodes) -> tuple[Tensor, ...]:
    """Return codes as one `[batch, tokens]` a level."""
    return codes.unbind(1) if isinstance(codes, Tensor) else tuple(codes)
