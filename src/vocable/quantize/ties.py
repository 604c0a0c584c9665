"""Tell a tie from a mistake where two searches of almost one latent choose two entries.

Where two entries lie almost equally far, the last digits of the latent decide, and these depend on
the order of sums: on threads, tiles, devices.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

ROUNDING = 4 * torch.finfo(torch.float32).eps  # of a squared distance, relative to its terms


def tie_distance(
    z: Float[Tensor, "*rows dim"],
    other_z: Float[Tensor, "*rows dim"],
    chosen: Float[Tensor, "*rows dim"],
    other: Float[Tensor, "*rows dim"],
) -> Float[Tensor, "*rows"]:
    """Return how far two choices are from a tie: at most 1 if the latents' difference explains it.

    `chosen` is nearest to `z`, `other` to `other_z`. The gap of their squared distances to `z` is
    divided by what can close it: `2 · ‖z - other_z‖ · ‖chosen - other‖`, and the rounding of fp32.
    Computed in float64.
    """
    z, other_z, chosen, other = (x.double() for x in (z, other_z, chosen, other))
    gap = ((z - other).square().sum(-1) - (z - chosen).square().sum(-1)).abs()
    terms = z.square().sum(-1) + chosen.square().sum(-1) + other.square().sum(-1)
    reach = 2 * (z - other_z).norm(dim=-1) * (chosen - other).norm(dim=-1)
    ratio: Tensor = gap / (reach + ROUNDING * terms).clamp(min=torch.finfo(torch.float64).tiny)
    return ratio
