"""The initialisation seam: k-means over the vectors of the first batches (or of anything else)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.quantize.health import usable
from vocable.quantize.learn.lloyd import lloyd


@dataclass(frozen=True)
class KMeans:
    """Wait for ``per_entry`` vectors per entry, then put the entries at their cluster centres."""

    per_entry: int = 4
    iterations: int = 10


@torch.no_grad()
def kmeans(
    x: Float[Tensor, "rows width"], size: int, iterations: int
) -> Float[Tensor, "size width"]:
    """Return ``size`` cluster centres of ``x`` by Lloyd's iterations from random rows.

    For the start of a codebook, which goes on learning; `clustering.cluster` looks longer. Rows
    that are NaN or infinite are left out; ModelError where no other is left.
    """
    x = x[usable(x)]
    if not len(x):
        raise ModelError("k-means has no finite vector to learn from; see what made them NaN")
    order = torch.randperm(x.shape[0], device=x.device)
    start = x[order[torch.arange(size, device=x.device) % x.shape[0]]]
    return lloyd(x, start, iterations).centres.to(x.dtype)
