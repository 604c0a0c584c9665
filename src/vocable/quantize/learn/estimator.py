"""The estimator seam: what gradient a latent gets through its quantized twin.

Each returns exactly ``q``; only the gradient differs. So ``decode(encode(z)) == forward(z).z``
holds to the bit, which ``z + (q - z).detach()`` would miss by a rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

Estimator = Callable[[Tensor, Tensor], Tensor]


def straight_through(
    z: Float[Tensor, "*rows dim"], q: Float[Tensor, "*rows dim"]
) -> Float[Tensor, "*rows dim"]:
    """Return ``q``, with the gradient passed to ``z`` unchanged (Bengio et al. 2013)."""
    return q.detach() + (z - z.detach())


def rotation(
    z: Float[Tensor, "*rows dim"], q: Float[Tensor, "*rows dim"]
) -> Float[Tensor, "*rows dim"]:
    """Return ``q``, with the gradient passed through the rotation and scaling from ``z`` to ``q``.

    "Restructuring Vector Quantization with the Rotation Trick" (Fifty et al. 2024): with unit
    vectors ẑ and q̂ and w = (ẑ + q̂)/‖ẑ + q̂‖, q = (‖q‖/‖z‖)(z − 2w(wᵀz) + 2q̂(ẑᵀz)), all but z
    constant.
    """
    with torch.no_grad():
        z_unit, q_unit = F.normalize(z, dim=-1), F.normalize(q, dim=-1)
        w = F.normalize(z_unit + q_unit, dim=-1)
        scale = q.norm(dim=-1, keepdim=True) / z.norm(dim=-1, keepdim=True).clamp(min=1e-6)
    mirrored = z - 2 * w * (w * z).sum(-1, True) + 2 * q_unit * (z_unit * z).sum(-1, True)
    rotated: Tensor = scale * mirrored
    return q.detach() + (rotated - rotated.detach())
