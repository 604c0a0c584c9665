"""Shapes of weights whose weight norm is fused, before any tensor is read."""

from __future__ import annotations

import re
from collections.abc import Mapping

_DIRECTION = re.compile(r"\.(weight_v|parametrizations\.weight\.original1)$")


def fused_shapes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the shapes that fused weights have: those of the directions of weight norm."""
    return {_DIRECTION.sub(".weight", key): shape for key, shape in shapes.items()}
