"""The entropy loss of quantizers whose codes are signs: sure of each code, and of all alike.

`E[H(p(code | latent))] - H(E[p(code | latent)])` with p as a softmax over all corners, of twice
`SHARPNESS` times the product of latent and corner (MAGVIT-v2, arXiv:2310.05737). Bits are then
independent of each other given the latent, so that no latent meets all corners one by one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

SHARPNESS = 100.0  # the inverse temperature, as published


def code_entropies(x: Float[Tensor, "rows bits"], reach: float) -> Float[Tensor, ""]:
    """Return the loss in nats, exact over all codes; corners lie at `±reach`.

    The mean chance of each code is one product of two tables: of the codes of the first half of
    the bits, and of the second.
    """
    chances = torch.sigmoid(_odds(x, reach))
    half = x.shape[1] // 2
    mean = _chances(chances[:, :half]).T @ _chances(chances[:, half:]) / len(x)
    whole = -(mean * mean.clamp(min=torch.finfo(torch.float32).tiny).log()).sum()
    return _of_each(x, reach) - whole


def bit_entropies(x: Float[Tensor, "rows bits"], reach: float) -> Float[Tensor, ""]:
    """Return the loss in nats, the entropy over all latents as the sum of that of the bits.

    It is never less than the exact one (BSQ, arXiv:2406.07548).
    """
    mean = torch.sigmoid(_odds(x, reach)).mean(0).clamp(1e-7, 1 - 1e-7)
    whole = -(mean * mean.log() + (1 - mean) * (1 - mean).log()).sum()
    return _of_each(x, reach) - whole


def _odds(x: Tensor, reach: float) -> Tensor:
    """Return the log odds of each bit: the two corners' scores apart."""
    return 4 * SHARPNESS * reach * x


def _of_each(x: Tensor, reach: float) -> Tensor:
    """Return the mean entropy of a latent's code."""
    odds = _odds(x, reach)
    entropy: Tensor = (F.softplus(odds) - odds * torch.sigmoid(odds)).sum(1).mean()
    return entropy


def _chances(bits: Float[Tensor, "rows bits"]) -> Float[Tensor, "rows codes"]:
    """Return the chances of all codes of a few bits."""
    found = bits.new_ones(len(bits), 1)
    for bit in bits.unbind(1):
        found = torch.cat([found * (1 - bit)[:, None], found * bit[:, None]], 1)
    return found
