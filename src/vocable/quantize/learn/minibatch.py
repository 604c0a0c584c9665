"""Mini-batch k-means: centres follow a few rows at a time, more slowly the more they have seen."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.quantize.learn.lloyd import add_up


@torch.no_grad()
def mini_batches(
    x: Float[Tensor, "rows width"],
    centres: Float[Tensor, "size width"],
    batch: int,
    epochs: int = 1,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "size width"]:
    """Return `centres` after all rows, in batches in random order, so many times over.

    Each centre is the mean of all rows that it was nearest to so far ("Web-scale k-means
    clustering", Sculley 2010). One without rows stays where it is.
    """
    totals = torch.zeros(centres.shape, dtype=torch.float64, device=x.device)
    counts = torch.zeros(len(centres), dtype=torch.int64, device=x.device)
    centres = centres.float()
    for _ in range(epochs):
        order = torch.randperm(len(x), device=x.device, generator=generator)
        for rows in torch.split(order, batch):
            sums = add_up(x[rows], centres)
            totals += sums.totals
            counts += sums.counts
            means = (totals / counts.clamp(min=1)[:, None]).float()
            centres = torch.where(counts[:, None] > 0, means, centres)
    return centres
