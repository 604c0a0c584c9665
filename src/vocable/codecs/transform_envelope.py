"""Codebooks of the envelope: of all bands together, then of groups of bands where they do good."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.codecs.transform_plan import FLOOR, on_grid
from vocable.quantize import ResidualVQ, as_levels

LEAPS = (4.0, -4.0, 2.0, -2.0, 8.0, -8.0)  # doublings


class Envelope(nn.Module):
    """Quantize log2 envelopes by band: all bands together, then groups of them in stages.

    Entries are multiples of 1/64, so that sums of them are exact everywhere.
    """

    groups: Sequence[ResidualVQ]

    def __init__(self, sizes: Sequence[int], groups: Sequence[int], size: int, stages: int) -> None:
        super().__init__()
        self.whole = ResidualVQ(sum(groups), sizes, update=None)
        self.groups = nn.ModuleList(  # type: ignore[assignment]
            ResidualVQ(bands, (size,) * stages, update=None) for bands in groups
        )
        self.widths = list(groups)

    def encode(self, log: Float[Tensor, "batch frames bands"]) -> tuple[Tensor, ...]:
        """Return the codes of all bands together, one row a level."""
        return as_levels(self.whole.encode(log))

    def refine(
        self, log: Float[Tensor, "batch frames bands"], coarse: Sequence[Tensor]
    ) -> Int[Tensor, "batch frames groups stages"]:
        """Return the codes of all stages of all groups, given those of all bands."""
        left = torch.split(log - self.decode(coarse), self.widths, dim=-1)
        pairs = zip(self.groups, left, strict=True)
        codes = [torch.stack(as_levels(group.encode(part)), dim=-1) for group, part in pairs]
        return torch.stack(codes, dim=2)

    def decode(
        self,
        coarse: Sequence[Tensor],
        grid: Tensor | None = None,
        chosen: Tensor | None = None,
    ) -> Float[Tensor, "batch frames bands"]:
        """Return the envelope, with the chosen of a grid of refinements."""
        log: Tensor = self.whole.decode_checked(coarse)
        if grid is None or chosen is None:
            return log
        steps = []
        for number, group in enumerate(self.groups):
            total = log.new_zeros(*log.shape[:2], group.dim)
            for stage, level in enumerate(group.stack):
                value = level.decode(grid[..., number, stage])
                total = total + torch.where(chosen[..., number, stage, None], value, 0.0)
            steps.append(total)
        return log + torch.cat(steps, dim=-1)

    def start_learning(self, log: Float[Tensor, "rows bands"]) -> None:
        """Learn all codebooks from envelopes."""
        self.whole.start_learning(log, 1)
        _add_silence(self.whole)
        _round(self.whole)
        rest = log[None] - self.decode(self.encode(log[None]))
        left = torch.split(rest, self.widths, dim=-1)
        for group, part in zip(self.groups, left, strict=True):
            group.start_learning(part[0], 1)
            _add_leaps(group)
            _round(group)
        for book in (self.whole, *self.groups):
            book.waiting = None  # nothing waits: the books do not learn in steps

    def tie_distance(
        self, logs: tuple[Tensor, Tensor], coarse: Sequence[Tensor], grids: tuple[Tensor, Tensor]
    ) -> Float[Tensor, "batch frames"]:
        """Return the largest distance of all groups, for two envelopes with codes `coarse`."""
        left = [torch.split(log - self.decode(coarse), self.widths, dim=-1) for log in logs]
        found = []
        for number, group in enumerate(self.groups):
            a, b = (tuple(grid[:, :, number].unbind(-1)) for grid in grids)
            found.append(group.tie_distance(left[0][number], a, left[1][number], b))
        return torch.stack(found).amax(0)


def _add_silence(book: ResidualVQ) -> None:
    """Give the last entry of the first level to silence, that of the others to no change of it."""
    for number, level in enumerate(book.stack):
        level.codebook.entries[-1] = 0.0 if number else FLOOR


def _add_leaps(group: ResidualVQ) -> None:
    """Give the last entries of the first two stages to no leap, and to leaps of one band alone.

    A tone stands out of its surroundings by more than any entry that recordings lead to.
    """
    alone = torch.eye(group.dim, dtype=torch.float32)
    leaps = torch.cat([0 * alone[:1], *(leap * alone for leap in LEAPS)])
    for level in group.stack[:2]:
        entries = level.codebook.entries
        count = min(len(leaps), len(entries) // 4)
        entries[len(entries) - count :] = leaps[:count].to(entries)


def _round(book: ResidualVQ) -> None:
    for level in book.stack:
        entries = level.codebook.entries
        entries.copy_(on_grid(entries))
