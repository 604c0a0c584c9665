"""Codebooks of the shapes of units: one residual quantizer for all units of one width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from vocable.quantize import ResidualVQ

LEARNT = 60_000  # vectors that each codebook is learned from, at most


class UnitShapes(nn.Module):
    """Quantize the units of whitened rows, each in as many stages as a plan has chosen.

    units: edges in coefficients; units of one width lie together. A grid of codes is
    `[batch, frames, units, stages]`; what is not chosen in it means nothing.
    """

    width_of: Tensor

    def __init__(self, units: Sequence[int], frame: int, size: int, stages: int) -> None:
        super().__init__()
        self.units, self.frame, self.stages = list(units), frame, stages
        widths = [high - low for low, high in pairwise(units)]
        self.books = nn.ModuleDict(
            {str(w): ResidualVQ(w, (size,) * stages, update=None) for w in sorted(set(widths))}
        )
        self.register_buffer("width_of", torch.tensor(widths), persistent=False)

    def encode(
        self, white: Float[Tensor, "batch frames bins"], chosen: Bool[Tensor, "*grid"]
    ) -> Int[Tensor, "*grid"]:
        """Return the codes of the chosen, 0 elsewhere."""
        found = torch.zeros(chosen.shape, dtype=torch.int64, device=white.device)
        for book, own, (low, high) in self._by_width():
            left, wanted, grid = self.of_width(white, low, high), chosen[..., own, :], []
            for stage, level in enumerate(book.stack):
                rows = wanted[..., stage]
                codes = level.encode(left[rows][None])
                grid.append(torch.zeros_like(rows, dtype=torch.int64))
                grid[-1][rows] = codes[0]
                left = left.clone()
                left[rows] -= level.decode(codes)[0]
            found[..., own, :] = torch.stack(grid, dim=-1)
        return found

    def decode(
        self, grid: Int[Tensor, "*grid"], chosen: Bool[Tensor, "*grid"]
    ) -> Float[Tensor, "batch frames bins"]:
        """Return the whitened rows that the chosen codes stand for, 0 elsewhere."""
        total = torch.zeros(*grid.shape[:2], self.frame, device=grid.device, dtype=torch.float32)
        for book, own, (low, high) in self._by_width():
            wanted, codes = chosen[..., own, :], grid[..., own, :]
            part = torch.zeros(*codes.shape[:3], book.dim, device=grid.device, dtype=torch.float32)
            for stage, level in enumerate(book.stack):
                rows = wanted[..., stage]
                part[rows] += level.decode(codes[..., stage][rows][None])[0]
            total[..., low:high] = part.flatten(-2)
        return total

    def start_learning(
        self, white: Float[Tensor, "batch frames bins"], audible: Bool[Tensor, "batch frames units"]
    ) -> None:
        """Learn all books from the units that are audible; from all of them where none is."""
        for book, own, (low, high) in self._by_width():
            vectors, wanted = self.of_width(white, low, high), audible[..., own]
            book.start_learning(some(vectors[wanted | ~wanted.any()]), 1)
            book.waiting = None  # nothing waits: the books do not learn in steps

    def tie_distance(
        self,
        white: tuple[Tensor, Tensor],
        grids: tuple[Tensor, Tensor],
        chosen: Bool[Tensor, "*grid"],
    ) -> Float[Tensor, "batch frames"]:
        """Return the largest distance of all units for two whitened rows and their codes."""
        found = []
        a, b = (torch.where(chosen, grid, 0) for grid in grids)
        for book, own, (low, high) in self._by_width():
            x, y = (self.of_width(rows, low, high).flatten(0, 1) for rows in white)
            codes, moved = (tuple(g[..., own, :].flatten(0, 1).unbind(-1)) for g in (a, b))
            distance = book.tie_distance(x, codes, y, moved)
            found.append(distance.amax(1).reshape(a.shape[:2]))
        return torch.stack(found).amax(0)

    def of_width(self, x: Tensor, low: int, high: int) -> Tensor:
        """Return the units of one width, `[..., units, width]`, between their outer edges."""
        own = [edge for edge in self.units if low <= edge <= high]
        return x[..., low:high].reshape(*x.shape[:-1], len(own) - 1, -1)

    def _by_width(self) -> list[tuple[ResidualVQ, Tensor, tuple[int, int]]]:
        """Return each book, which units are its own, and their outer edges."""
        parts = []
        for width, book in self.books.items():
            assert isinstance(book, ResidualVQ)
            pairs = [p for p in pairwise(self.units) if p[1] - p[0] == int(width)]
            parts.append((book, self.width_of == int(width), (pairs[0][0], pairs[-1][1])))
        return parts


def some(rows: Float[Tensor, "rows width"]) -> Float[Tensor, "fewer width"]:
    """Return rows that a codebook is learned from, evenly chosen."""
    return rows[:: max(1, len(rows) // LEARNT)]
