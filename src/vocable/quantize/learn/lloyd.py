"""Lloyd's iterations: each row to its nearest centre, each centre to the mean of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from vocable.quantize.search import nearest, prepare

CHUNK = 8192  # rows that are summed at a time, before sums are joined in float64


@dataclass(frozen=True)
class Clusters:
    """Rows in groups about centres.

    inertia: the sum of the squared distances of all rows to their centres. iterations: passes over
    the rows that moved the centres.
    """

    centres: Float[Tensor, "size width"]
    counts: Int[Tensor, " size"]
    inertia: float
    iterations: int


@dataclass(frozen=True)
class Sums:
    """What the rows of each centre add up to."""

    codes: Int[Tensor, " rows"]
    counts: Int[Tensor, " size"]
    totals: Float[Tensor, "size width"]  # float64


@torch.no_grad()
def lloyd(
    x: Float[Tensor, "rows width"],
    centres: Float[Tensor, "size width"],
    iterations: int,
    *,
    settled: float = 0.0,
    generator: torch.Generator | None = None,
) -> Clusters:
    """Move `centres` for so many iterations, or until at most the share `settled` of rows changes.

    A centre without rows takes the place of a random row of the largest group that no other such
    centre splits. Rows may be of any float type; the search is in fp32, and sums in float64.
    """
    moved, before = centres.float(), None
    energy, done = float(_energy(x)), 0
    while True:
        sums = add_up(x, moved)
        changed = 1.0 if before is None else float((sums.codes != before).float().mean())
        if done == iterations or changed <= settled:
            return Clusters(moved, sums.counts, _inertia(energy, moved, sums), done)
        moved, before = _means(x, moved, sums, generator), sums.codes
        done += 1


def add_up(x: Float[Tensor, "rows width"], centres: Float[Tensor, "size width"]) -> Sums:
    """Return the nearest centre of each row, and the sum of the rows of each centre."""
    table, size = prepare(centres), len(centres)
    totals = torch.zeros(centres.shape, dtype=torch.float64, device=x.device)
    counts, found = torch.zeros(size, dtype=torch.int64, device=x.device), []
    for rows in torch.split(x, CHUNK):
        part = rows.float()
        codes = nearest(part, table)
        count = torch.bincount(codes, minlength=size)
        order = codes.argsort(stable=True)
        totals += F.embedding_bag(order, part, count.cumsum(0) - count, mode="sum")
        counts += count
        found.append(codes)
    return Sums(torch.cat(found), counts, totals)


def _means(
    x: Tensor, centres: Tensor, sums: Sums, generator: torch.Generator | None
) -> Float[Tensor, "size width"]:
    held = sums.counts[:, None] > 0
    means = torch.where(held, (sums.totals / sums.counts.clamp(min=1)[:, None]).float(), centres)
    empty = (~held[:, 0]).nonzero()[:, 0]
    if len(empty):
        _split(x, means, empty, sums, generator)
    return means


def _split(
    x: Tensor, centres: Tensor, empty: Tensor, sums: Sums, generator: torch.Generator | None
) -> None:
    """Put the `empty` centres at rows of the largest groups, each of another group."""
    counts, largest = sums.counts.sort(descending=True, stable=True)
    donors = largest[: len(empty)][counts[: len(empty)] > 1]
    drawn = torch.rand(len(donors), dtype=torch.float64, device=x.device, generator=generator)
    rows = (drawn * sums.counts[donors]).long() + (sums.counts.cumsum(0) - sums.counts)[donors]
    order = sums.codes.argsort(stable=True)
    centres[empty[: len(donors)]] = x[order[rows]].float()


def _energy(x: Tensor) -> Tensor:
    parts = [rows.double().square().sum() for rows in torch.split(x, CHUNK)]
    return torch.stack(parts).sum()


def _inertia(energy: float, centres: Tensor, sums: Sums) -> float:
    """Return Σ‖x - c‖² = Σ‖x‖² - 2 Σ c · Σx + Σ n ‖c‖², without a look at the rows."""
    exact = centres.double()
    products = (exact * sums.totals).sum()
    norms = (exact.square().sum(1) * sums.counts).sum()
    return max(0.0, energy - 2 * float(products) + float(norms))
