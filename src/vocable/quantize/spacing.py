"""Say how far apart the entries of a codebook lie: the measure of what it tells apart."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def spacing(entries: Float[Tensor, "size width"]) -> float:
    """Return the median distance from an entry to its nearest neighbour that differs from it.

    1 where all are alike: a codebook that has not learnt yet. Of many entries 1024 are asked.
    """
    rows = entries.detach().cpu().double()
    asked = rows[:: -(-len(rows) // 1024)]
    apart = torch.cdist(asked, rows)
    least = 1e-6 * rows.norm(dim=1).amax()  # rounding, of equal entries
    nearest = torch.where(apart > least, apart, torch.inf).amin(1)
    nearest = nearest[nearest.isfinite()]
    return float(nearest.median()) if len(nearest) else 1.0
