"""Find the nearest centre so that every machine finds the same: for units, whose ids are data."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.quantize.precision import full_precision

CLOSE = 1e-5  # of the squared norms of row and centre: a smaller gap is not left to fp32
BLOCK = 256  # rows searched at a time: their scores stay in the cache


@torch.no_grad()
def nearest_exactly(
    x: Float[Tensor, "rows width"], centres: Float[Tensor, "size width"]
) -> Int[Tensor, " rows"]:
    """Return for each row the centre at the smallest Euclidean distance, the lower id of equals.

    As `search.nearest`, and where the two nearest are almost equally far, which sums in another
    order would exchange, the distances are taken again in float64.
    """
    x, centres = x.float(), centres.float()
    norms = centres.square().sum(dim=1)
    with full_precision(x.device.type):
        found = [_search(rows, centres, norms) for rows in torch.split(x, BLOCK)]
    return torch.cat(found) if found else x.new_zeros(0, dtype=torch.int64)


def _search(x: Tensor, centres: Tensor, norms: Tensor) -> Tensor:
    scores = torch.addmm(norms, x, centres.T, alpha=-2)
    least, codes = scores.min(dim=1)
    scores.scatter_(1, codes[:, None], torch.inf)
    rounding = CLOSE * (x.square().sum(dim=1) + norms[codes])
    close = (scores.amin(dim=1) - least <= rounding).nonzero()[:, 0]
    if len(close):
        exact = torch.cdist(
            x[close].double(), centres.double(), compute_mode="donot_use_mm_for_euclid_dist"
        )
        codes[close] = exact.argmin(dim=1)
    return codes
