"""Which units of a spectrum get a frame's codes, as encoder and decoder both work out.

The levels of a frame are not tied to places in its spectrum: the envelope, coded first, says where
they do most good. Each (unit, stage) has a priority, and the levels take them from the highest on,
so that any prefix is spent as well as it can be. Low frequencies count for more, as the ear's bands
are narrow there; of equals the louder, and what stands out of its neighbours, as noise is no
substitute for a tone; and each stage of a unit less than the one before.

Everything here is exact in fp32 (multiples of 1/64 of moderate size, and a stable order), so that
encoder and decoder agree on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

GRID = 64  # parts of a doubling in which envelopes and priorities are counted
FLOOR = -17.0  # doublings of full scale: quieter coefficients are silence
SILENT = FLOOR + 0.5
AUDIBLE = FLOOR + 2.5  # a unit below gets codes only when no other wants them
MASKED = 10.0  # doublings below the loudest from which a unit gets no codes either, as for silence
SLOPE = 0.8  # what an octave of frequency counts, from 800 Hz upwards
LOUDNESS = 0.25  # what a doubling of a unit's magnitude counts
PEAK = 0.5  # what a doubling counts by which its band is above the mean of the two beside it
REFINED = -1.0  # the start of a group of bands
REFINING = 1.25  # what each stage of a group counts
STAGE = 1.0  # what each stage of 8 coefficients counts; of more, less, as it achieves less


def cut(layout: Sequence[tuple[int, int]]) -> list[int]:
    """Return edges, 0 first, of parts of `width` up to `end`, for each (end, width) in turn."""
    edges = [0]
    for end, width in layout:
        edges += range(edges[-1] + width, end + 1, width)
    return edges


def on_grid(x: Tensor) -> Tensor:
    """Round to multiples of 1/64."""
    return (x * GRID).round() / GRID


class Plan(nn.Module):
    """Order stages of units, and of groups of bands whose envelope is refined, by the envelope."""

    start: Tensor
    cost: Tensor
    covers: Tensor
    louder: Tensor
    peak: Tensor
    depth: Tensor

    def __init__(
        self, bands: list[int], units: list[int], groups: list[int], stages: int, hz: float
    ) -> None:
        super().__init__()
        self.stages, self.units, self.groups = stages, len(units) - 1, len(groups) - 1
        parts = [*pairwise(units), *pairwise([bands[g] for g in groups])]
        start = [-SLOPE * math.log2(max(800, (low + high) / 2 * hz) / 800) for low, high in parts]
        start[self.units :] = [REFINED] * self.groups
        cost = [STAGE * (8 / (high - low)) ** 0.75 for low, high in parts]
        cost[self.units :] = [REFINING] * self.groups
        # the ear hears the level of a quiet band as well as of a loud one: groups are not weighed
        values = {
            "start": [round(value * GRID) / GRID for value in start],
            "cost": [round(value * GRID) / GRID for value in cost],
            "louder": [LOUDNESS] * self.units + [0.0] * self.groups,
            "peak": [PEAK] * self.units + [0.0] * self.groups,
            "depth": [MASKED] * self.units + [-2 * FLOOR] * self.groups,
        }
        for name, value in values.items():
            buffer = torch.tensor(value, dtype=torch.float32)
            self.register_buffer(name, buffer, persistent=False)
        covers = [[a < high and b > low for a, b in pairwise(bands)] for low, high in parts]
        self.register_buffer("covers", torch.tensor(covers), persistent=False)

    def order(self, envelope: Float[Tensor, "*rows bands"], count: int) -> Int[Tensor, "*rows n"]:
        """Return the first `count` of the pairs, each as `unit · stages + stage`."""
        loudest, peak = self.loudest(torch.stack([envelope, _peaks(envelope)]))
        top = loudest.amax(-1, keepdim=True)
        wish = self.start + self.louder * (loudest - top) + self.peak * peak
        least = (top - self.depth).clamp(min=AUDIBLE)
        wish = torch.where(loudest < least, wish - 1000, wish)
        stage = torch.arange(self.stages, device=wish.device)
        pairs = wish[..., None] - self.cost[:, None] * stage
        order = pairs.flatten(-2).sort(dim=-1, descending=True, stable=True).indices
        return order[..., :count]

    def loudest(self, envelope: Float[Tensor, "*rows bands"]) -> Float[Tensor, "*rows units"]:
        """Return the largest of the bands that each unit, then each group, reaches into."""
        # band by band: a masked maximum over both would take 30 times the memory
        found = envelope.new_full((*envelope.shape[:-1], len(self.start)), FLOOR)
        for band in range(envelope.shape[-1]):
            inside = self.covers[:, band]
            seen = torch.maximum(found, envelope[..., band, None])
            found = torch.where(inside, seen, found)
        return found

    def chosen(self, order: Int[Tensor, "*rows n"]) -> Bool[Tensor, "*rows units stages"]:
        """Return which stages of which units an order holds."""
        flat = torch.zeros(
            (*order.shape[:-1], len(self.start) * self.stages),
            dtype=torch.bool,
            device=order.device,
        )
        return flat.scatter(-1, order, True).reshape(*order.shape[:-1], -1, self.stages)


def _peaks(envelope: Float[Tensor, "*rows bands"]) -> Float[Tensor, "*rows bands"]:
    """Return by how much each band is above the mean of the two beside it, 0 where it is not."""
    below = torch.cat([envelope[..., :1], envelope[..., :-1]], dim=-1)
    above = torch.cat([envelope[..., 1:], envelope[..., -1:]], dim=-1)
    return (envelope - (below + above) / 2).clamp(min=0)
