"""What is hidden of frames in training, drawn by chance.

Of each item: a frame t0, evenly; a level q, evenly; a share cos(u) with u evenly from 0 to π/2.
Frames before t0 are a prompt and stay. From t0 on, each code of level q is hidden with that share
as its chance, and all of the levels above q are. What is asked for are the hidden codes of level q.

Levels are dealt: each item's is even by itself, and a batch has each as often as any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Mask:
    """hidden: codes that the model does not see; asked: those of them that it tells."""

    hidden: Bool[Tensor, "batch time levels"]
    asked: Bool[Tensor, "batch time levels"]

    def to(self, device: torch.device) -> Mask:
        """Return the same on a device."""
        return Mask(self.hidden.to(device), self.asked.to(device))


def draw_mask(lengths: Sequence[int], levels: int, given: int = 0) -> Mask:
    """Draw what is hidden of items of so many frames, of level `given` and above.

    By torch's generator of the CPU. Where nothing would be asked for, all is drawn anew.
    """
    while True:
        mask = _drawn(torch.tensor(lengths), max(lengths), levels, given)
        if mask.asked.any():
            return mask


def level_mask(lengths: Sequence[int], levels: int, level: int) -> Mask:
    """Hide a level whole and all above it, and ask for it: what its first pass sees."""
    counted = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    every = torch.arange(levels)
    return Mask(counted[..., None] & (every >= level), counted[..., None] & (every == level))


def _drawn(lengths: Tensor, time: int, levels: int, given: int) -> Mask:
    items = len(lengths)
    start = (torch.rand(items, dtype=torch.float64) * lengths).floor()
    deals = [torch.randperm(levels - given) for _ in range(-(-items // (levels - given)))]
    level = given + torch.cat(deals)[:items, None, None]
    share = torch.cos(torch.rand(items) * (math.pi / 2))
    chosen = torch.rand(items, time) < share[:, None]
    at, every = torch.arange(time), torch.arange(levels)
    later = ((at >= start[:, None]) & (at < lengths[:, None]))[..., None]
    asked = later & (every == level) & chosen[..., None]
    return Mask(asked | (later & (every > level)), asked)
