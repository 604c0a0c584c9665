"""How well speakers are parted: the scale-invariant ratio, over the best of all orders.

"SDR – half-baked or well done?", Le Roux et al. 2019, arXiv:1811.02508; training by the best order
is Kolbæk et al. 2017, arXiv:1703.06284. Means are removed first, as Conv-TasNet does.
"""

from __future__ import annotations

from itertools import permutations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

CAP = 100.0  # dB: what a perfect part scores, and below zero a silent one
NEAR = 1e-3  # of the power, -30 dB: a part that is nearer is not asked to be nearer still
_TINY = 1e-30


def si_sdr(
    parts: Float[Tensor, "*batch samples"], wanted: Float[Tensor, "*batch samples"]
) -> Float[Tensor, "*batch"]:
    """Return the scale-invariant signal-to-distortion ratio of each part in dB, -100 to 100.

    A part or a wanted one that is silent scores -100.
    """
    return _decibels(_alike(parts[..., None, :], wanted[..., None, :])[..., 0, 0])


def ratios(
    parts: Float[Tensor, "batch speakers samples"], wanted: Float[Tensor, "batch speakers samples"]
) -> Float[Tensor, "batch speakers wanted"]:
    """Return the ratio of every part to every one that is wanted, in dB."""
    return _decibels(_alike(parts, wanted))


def best_order(
    scores: Float[Tensor, "batch speakers speakers"],
) -> Int64[Tensor, "batch speakers"]:
    """Return of each wanted one the part that is it, in the order of the largest sum of scores."""
    speakers = scores.shape[1]
    orders = torch.tensor(list(permutations(range(speakers))), device=scores.device)
    sums = scores[:, orders, torch.arange(speakers, device=scores.device)].sum(2)
    return orders[sums.argmax(1)]


def in_order(
    parts: Float[Tensor, "batch speakers samples"], order: Int64[Tensor, "batch speakers"]
) -> Float[Tensor, "batch speakers samples"]:
    """Return the parts in this order."""
    return parts.gather(1, order[..., None].expand_as(parts))


def improvement(
    parts: Float[Tensor, "batch speakers samples"],
    wanted: Float[Tensor, "batch speakers samples"],
    mixture: Float[Tensor, "batch samples"],
) -> Float[Tensor, "batch speakers"]:
    """Return by how many dB the part of each wanted one is nearer to it than the mixture is."""
    found = in_order(parts, best_order(ratios(parts, wanted)))
    return si_sdr(found, wanted) - si_sdr(mixture[:, None].expand_as(wanted), wanted)


def loss(
    parts: Float[Tensor, "batch speakers samples"], wanted: Float[Tensor, "batch speakers samples"]
) -> Float[Tensor, ""]:
    """Return the mean negative ratio of the best order, in dB.

    Distortion counts as `NEAR` of the power more than it is, so that the mixtures that are parted
    already do not outweigh the others (Wisdom et al. 2020, arXiv:2006.12701).
    """
    alike = _alike(parts, wanted)
    scores = 10 * ((alike + 1e-8).log10() - (1 - alike + NEAR).log10())
    order = best_order(scores.detach())
    return -scores.gather(1, order[:, None]).mean().to(parts.dtype)


def _alike(parts: Tensor, wanted: Tensor) -> Tensor:
    """Return the squared cosine of every pair, in double precision: `[…, parts, wanted]`."""
    wide = [each.double() - each.double().mean(-1, keepdim=True) for each in (parts, wanted)]
    products = wide[0] @ wide[1].transpose(-1, -2)
    powers = [each.square().sum(-1) for each in wide]
    return products.square() / (powers[0][..., :, None] * powers[1][..., None, :] + _TINY)


def _decibels(alike: Tensor) -> Tensor:
    least = 10 ** (-CAP / 10)
    ratio = alike.clamp(min=least) / (1 - alike).clamp(min=least)
    return 10 * ratio.log10().clamp(-CAP / 10, CAP / 10)
