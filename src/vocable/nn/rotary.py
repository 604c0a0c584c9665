"""Rotary positions of attention ("RoFormer", Su et al. 2021, arXiv:2104.09864)."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def rotate(
    x: Float[Tensor, "*heads rows size"],
    position: Int[Tensor, "*places rows"],
    base: float = 10_000.0,
) -> Float[Tensor, "*heads rows size"]:
    """Turn queries or keys by their positions, in fp32; what they say to each other is then how far
    apart they are.

    Axis i and axis i + size / 2 turn together ("half-split"), by `position / base^(2 i / size)`.
    position: of each row, of any shape that spreads over that of the heads.
    """
    size = x.shape[-1]
    even = torch.arange(0, size, 2, device=x.device, dtype=torch.float32)
    angle = position[..., None].float() / base ** (even / size)
    cos, sin = angle.cos(), angle.sin()
    first, second = x.float().chunk(2, dim=-1)
    turned = torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
    return turned.to(x.dtype)
