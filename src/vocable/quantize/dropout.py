"""Draw how many levels each item of a batch uses in training, so that prefixes learn to decode."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor


def drawn_levels(
    batch: int, levels: int, prefixes: Sequence[int], share: float, device: torch.device
) -> Bool[Tensor, "levels batch"]:
    """Return which items use which levels: a `share` of them a number drawn from `prefixes`."""
    used = torch.full((batch,), levels, device=device)
    if share > 0:
        choices = torch.tensor(tuple(prefixes), device=device)
        drawn = choices[torch.randint(len(choices), (batch,), device=device)]
        chosen = torch.rand(batch, dtype=torch.float32, device=device) < share
        used = torch.where(chosen, drawn, used)
    return torch.arange(levels, device=device)[:, None] < used
