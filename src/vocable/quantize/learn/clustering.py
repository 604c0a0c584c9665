"""K-means from the first draw to the last iteration: the centres of semantic units.

Most of what scikit-learn spends goes into drawing the first centres from all rows, many times over.
Here they are drawn from a sample, in which a few iterations tell a good draw from a bad one; then
all rows pass in batches, and a few passes of Lloyd's settle what is left.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.quantize.health import usable
from vocable.quantize.learn.lloyd import Clusters, lloyd
from vocable.quantize.learn.minibatch import mini_batches
from vocable.quantize.learn.seeding import spread_out

SAMPLE, LEAST = 20, 4096  # rows that first centres are drawn from: of each centre, and at least
TRIED = 4  # passes over them
BATCH = 20  # rows of each centre


@torch.no_grad()
def cluster(
    x: Float[Tensor, "rows width"],
    size: int,
    *,
    seed: int = 0,
    restarts: int = 3,
    epochs: int = 1,
    iterations: int = 20,
    settled: float = 1e-3,
) -> Clusters:
    """Return `size` clusters of `x`, the same for the same rows, seed, machine and threads.

    restarts: draws of first centres, of which the best goes on. epochs: times that all rows pass in
    batches. iterations: passes of Lloyd's at most, until no more than the share `settled` of rows
    changes its centre. ModelError for rows that are NaN or infinite, or fewer than centres.
    """
    _check(x, size)
    generator = torch.Generator(x.device).manual_seed(seed)
    order = torch.randperm(len(x), device=x.device, generator=generator)
    sample = x[order[: max(SAMPLE * size, LEAST)]].float()
    found = [_try(sample, size, generator) for _ in range(restarts)]
    best = min(found, key=lambda each: each.inertia)
    centres = best.centres
    if len(sample) < len(x):
        centres = mini_batches(x, centres, BATCH * size, epochs, generator)
    return lloyd(x, centres, iterations, settled=settled, generator=generator)


def _try(sample: Tensor, size: int, generator: torch.Generator) -> Clusters:
    return lloyd(sample, spread_out(sample, size, generator), TRIED, generator=generator)


def _check(x: Tensor, size: int) -> None:
    if size < 1 or len(x) < size:
        raise ModelError(f"{size} centres need as many rows or more, got {len(x)}")
    bad = int((~usable(x)).sum())
    if bad:
        raise ModelError(f"{bad} of {len(x)} rows are NaN or infinite; see what made them so")
