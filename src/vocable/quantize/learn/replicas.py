"""Let the replicas of a distributed run learn one codebook; where there is one, this is free."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


def replicas() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def sum_over_replicas(x: Tensor) -> Tensor:
    """Return the sum of ``x`` over the replicas, the same on each; ``x`` may be overwritten."""
    if replicas() > 1:
        dist.all_reduce(x)
    return x


def from_first_replica(x: Tensor) -> Tensor:
    """Return the first replica's ``x`` on every replica; ``x`` may be overwritten."""
    if replicas() > 1:
        dist.broadcast(x, src=0)
    return x


def gather_rows(x: Tensor) -> Tensor:
    """Return the rows of all replicas, in the order of their ranks; their numbers may differ."""
    if replicas() == 1:
        return x
    mine = torch.tensor([x.shape[0]], device=x.device)
    sizes = [torch.empty_like(mine) for _ in range(replicas())]
    dist.all_gather(sizes, mine)
    rows = [int(size) for size in sizes]
    padded = x.new_zeros(max(rows), *x.shape[1:])
    padded[: x.shape[0]] = x
    parts = [torch.empty_like(padded) for _ in rows]
    dist.all_gather(parts, padded)
    return torch.cat([part[:n] for part, n in zip(parts, rows, strict=True)])
