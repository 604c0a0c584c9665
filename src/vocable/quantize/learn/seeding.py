"""Where k-means begins: centres drawn from the rows, far from one another."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.quantize.precision import full_precision

PROJECTED = 64  # dimensions in which distances are told well enough for a draw


def spread_out(
    x: Float[Tensor, "rows width"], size: int, generator: torch.Generator | None = None
) -> Float[Tensor, "size width"]:
    """Return `size` rows as centres, by k-means++ (Arthur & Vassilvitskii 2007).

    Each is drawn with the squared distance to the nearest centre before it as its weight. Of
    `2 + ln(size)` draws the one is kept that brings the rows nearest, which the authors' own
    experiments did. Where there are fewer different rows than centres, some come twice. Distances
    of wide rows are those of a random projection (Johnson & Lindenstrauss 1984): a draw needs no
    more, and most of the time goes into them.
    """
    with torch.no_grad(), full_precision(x.device.type):
        chosen = _chosen(_projected(x.float(), generator), size, generator)
    return x[chosen].float()


def _projected(x: Tensor, generator: torch.Generator | None) -> Tensor:
    if x.shape[1] <= 2 * PROJECTED:
        return x
    shape = x.shape[1], PROJECTED
    return x @ torch.randn(shape, dtype=torch.float32, device=x.device, generator=generator)


def _chosen(x: Tensor, size: int, generator: torch.Generator | None) -> Tensor:
    norms = x.square().sum(dim=1)
    first = torch.randint(len(x), (1,), device=x.device, generator=generator)
    chosen = [first]
    nearest = _distances(x, norms, first)[:, 0]
    for _ in range(1, size):
        drawn = _draw(nearest, 2 + int(math.log(size)), generator)
        reached = torch.minimum(_distances(x, norms, drawn), nearest[:, None])
        best = reached.sum(dim=0, dtype=torch.float64).argmin()
        nearest = reached[:, best].contiguous()
        chosen.append(drawn[best][None])
    return torch.cat(chosen)


def _distances(x: Tensor, norms: Tensor, chosen: Tensor) -> Tensor:
    """Return the squared distances of all rows to those that are chosen, `[rows, chosen]`."""
    products = torch.addmm(norms[:, None], x, x[chosen].T, alpha=-2)
    return (products + norms[chosen]).clamp_(min=0)


def _draw(weights: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    """Return rows drawn by weight, by chance alone where all weights are 0."""
    total = weights.double().cumsum(0)
    drawn = torch.rand(count, dtype=torch.float64, device=total.device, generator=generator)
    if total[-1] <= 0:
        return (drawn * len(weights)).long()
    return torch.searchsorted(total, drawn * total[-1], right=True).clamp(max=len(weights) - 1)
