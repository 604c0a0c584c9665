"""Quantize a spectrum by its attack, its envelope, and the shapes of small parts of it (units).

Gain and shape apart, as in Opus' CELT (Valin, Terriberry, Maxwell 2010, arXiv:1602.04845), with
learned codebooks for both: residual vector quantization of the log envelope, and of the coefficients
that are divided by it, by codebooks that all units of one width share. Which unit a level codes
follows from the envelope (`transform_plan.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.codecs.transform_attack import CODES
from vocable.codecs.transform_plan import AUDIBLE, FLOOR, Plan, cut, on_grid
from vocable.quantize import Health, LevelCodes, Quantized, Quantizer, ResidualVQ, as_levels
from vocable.quantize.precision import full_precision

LEARNT = 60_000  # vectors that each codebook is learned from, at most


class TransformQuantizer(Quantizer):
    """Quantize rows of a spectrum, the last column its attack.

    Level 0 is the attack, then come those of the envelope. Each of the others is a stage of a unit,
    or of a group of bands, whose envelope it refines: which one says the plan. Decoded rows are
    shapes, log2 envelope by band, stages by unit and by group, and the attack (`split`).
    """

    def __init__(
        self,
        frame: int,
        rate: int,
        bands: Sequence[tuple[int, int]],
        units: Sequence[tuple[int, int]],
        envelope: Sequence[int],
        groups: Sequence[int],
        planned: int,
        size: int,
        stages: int,
        prefixes: Sequence[int],
    ) -> None:
        super().__init__()
        self.frame, self.stages = frame, stages
        self.bands, self.units = cut(bands), cut(units)
        self.dim = frame + 1
        self.first = 1 + len(envelope)  # of the levels that are planned
        self.planned = planned
        self.levels = (CODES, *envelope, *(size,) * planned)
        self.prefixes = tuple(prefixes)
        self.groups = [0, *itertools.accumulate(groups)]
        self.plan = Plan(self.bands, self.units, self.groups, stages, rate / 2 / frame)
        self.envelope = ResidualVQ(len(self.bands) - 1, envelope, update=None)
        self.fine = nn.ModuleList(ResidualVQ(g, (size,) * stages, update=None) for g in groups)
        widths = torch.tensor(self.units).diff()
        self.shapes = nn.ModuleDict(
            {str(w): ResidualVQ(w, (size,) * stages, update=None) for w in widths.unique().tolist()}
        )
        self.register_buffer("width_of", widths, persistent=False)
        self.register_buffer("band_widths", torch.tensor(self.bands).diff(), persistent=False)

    # ---- the contract ---------------------------------------------------------------------------

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        with torch.no_grad(), full_precision(z.device.type):
            z = z.float()
            log = self._log_envelope(z)
            coarse = as_levels(self.envelope.encode(log))
            order = self._order(coarse)
            chosen = self.plan.chosen(order)
            refined, exact = self._refine(log, coarse, chosen)
            grid = torch.cat([self._search(self._whitened(z, exact), chosen), refined], dim=2)
            planned = grid.flatten(-2).gather(-1, order)
            rows = [z[..., -1].long(), *coarse, *planned.unbind(2)]
            return torch.stack(rows[:wanted], dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames axes"]:
        self.check_codes(codes)
        rows = as_levels(codes)
        with full_precision(rows[0].device.type):
            coarse, planned = rows[1 : self.first], rows[self.first :]
            order = self._order(coarse)[..., : len(planned)]
            chosen = self.plan.chosen(order)
            grid = torch.zeros(chosen.flatten(-2).shape, dtype=torch.int64, device=order.device)
            if planned:
                grid = grid.scatter(-1, order, torch.stack(planned, dim=2))
            grid = grid.unflatten(-1, (-1, self.stages))
            log = self._refined(coarse, grid, chosen)
            counts = chosen.sum(-1)
            parts = [self._shapes(grid, chosen), log, counts.to(log), rows[0][..., None].to(log)]
            return torch.cat(parts, dim=2)

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        """Quantize with a random prefix of the levels in training, one for the whole batch."""
        codes = self.encode(z)
        used = len(self.levels)
        if self.training:
            used = self.prefixes[int(torch.randint(len(self.prefixes), ()))]
        return Quantized(self.decode(codes[:, :used]), codes, {}, self._health(z, codes))

    def split(self, decoded: Float[Tensor, "batch frames axes"]) -> tuple[Tensor, ...]:
        """Return shapes, log2 envelope, stages by unit and attack of decoded rows."""
        sizes = [self.frame, len(self.bands) - 1, self.plan.units + self.plan.groups, 1]
        return decoded.split(sizes, dim=-1)

    def by_bin(self, of_band: Float[Tensor, "*rows bands"]) -> Float[Tensor, "*rows bins"]:
        """Return a value of each band for each of its coefficients."""
        return of_band.repeat_interleave(self.band_widths, dim=-1)

    def coded(self, counts: Float[Tensor, "*rows units"]) -> Float[Tensor, "*rows bins"]:
        """Return the stages of each unit for each coefficient, 0 above the units."""
        spread = counts[..., : self.plan.units].repeat_interleave(self.width_of, dim=-1)
        return nn.functional.pad(spread, (0, self.frame - self.units[-1]))

    # ---- learning -------------------------------------------------------------------------------

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Learn all codebooks from rows of spectra; ``per_step`` does not matter."""
        with full_precision(latents.device.type):
            z = _some(latents.float())[None]
            log = self._log_envelope(z)
            self.envelope.start_learning(log[0], per_step)
            _round(self.envelope)
            coarse = as_levels(self.envelope.encode(log))
            left = log - self.envelope.decode_checked(coarse)
            for group, (low, high) in zip(self.fine, pairwise(self.groups), strict=True):
                group.start_learning(left[0, :, low:high], per_step)
                _round(group)
            _, log = self._refine(log, coarse, self.plan.chosen(self._order(coarse)))
            white, heard = self._whitened(z, log), self.plan.loudest(log) > AUDIBLE
            heard = heard[..., : self.plan.units]
            for width, book in self.shapes.items():
                vectors = self._of_width(white, int(width))
                own = heard[..., self.width_of == int(width)]
                # all of them where none is heard: codebooks are never left unlearnt
                book.start_learning(_some(vectors[own | ~own.any()]), per_step)
            for book in (self.envelope, *self.fine, *self.shapes.values()):
                book.waiting = None  # nothing waits: the codebooks do not learn in steps

    # ---- envelope -------------------------------------------------------------------------------

    def _log_envelope(self, z: Tensor) -> Tensor:
        """Return the log2 root mean square of each band."""
        power = z[..., : self.frame].square().split(self.band_widths.tolist(), dim=-1)
        mean = torch.stack([part.mean(-1) for part in power], dim=-1)
        return 0.5 * mean.clamp(min=2 ** (2 * FLOOR)).log2()

    def _order(self, coarse: Sequence[Tensor]) -> Tensor:
        log = self.envelope.decode_checked(coarse).clamp(FLOOR, -FLOOR)
        return self.plan.order(log, self.planned)

    def _refine(
        self, log: Tensor, coarse: Sequence[Tensor], chosen: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the codes of all groups and stages, and the envelope that the chosen give."""
        left = log - self.envelope.decode_checked(coarse)
        found = [
            torch.stack(as_levels(group.encode(left[..., low:high])), dim=-1)
            for group, (low, high) in zip(self.fine, pairwise(self.groups), strict=True)
        ]
        codes = torch.stack(found, dim=2)
        room = codes.new_zeros(*codes.shape[:2], self.plan.units, self.stages)
        return codes, self._refined(coarse, torch.cat([room, codes], dim=2), chosen)

    def _refined(self, coarse: Sequence[Tensor], grid: Tensor, chosen: Tensor) -> Tensor:
        """Return the log2 envelope by band, with the chosen refinements of a grid of codes."""
        log = self.envelope.decode_checked(coarse)
        steps = []
        for number, group in enumerate(self.fine, start=self.plan.units):
            total = torch.zeros(*log.shape[:2], group.dim, device=log.device)
            for stage, level in enumerate(group.stack):
                value = level.decode(grid[..., number, stage])
                total = total + torch.where(chosen[..., number, stage, None], value, 0.0)
            steps.append(total)
        return (log + torch.cat(steps, dim=-1)).clamp(FLOOR, -FLOOR)

    def _whitened(self, z: Tensor, log: Tensor) -> Tensor:
        return z[..., : self.frame] * self.by_bin((-log).exp2())

    # ---- shapes ---------------------------------------------------------------------------------

    def _of_width(self, x: Tensor, width: int) -> Tensor:
        """Return the units of one width, `[..., units, width]`."""
        at = self._where(width)
        return x[..., at[0] : at[1]].unflatten(-1, (-1, width))

    def _where(self, width: int) -> tuple[int, int]:
        """Return the first and the last edge of the units of one width, which lie together."""
        pairs = zip(self.units[:-1], self.units[1:], strict=True)
        own = [pair for pair in pairs if pair[1] - pair[0] == width]
        return own[0][0], own[-1][1]

    def _search(self, white: Tensor, chosen: Tensor) -> Tensor:
        """Return the codes of the chosen pairs, `[batch, frames, units, stages]`."""
        chosen = chosen[..., : self.plan.units, :]
        found = torch.zeros(chosen.shape, dtype=torch.int64, device=white.device)
        for width, book in self.shapes.items():
            own = self.width_of == int(width)
            wanted, grid = chosen[..., own, :], found[..., own, :]
            left = self._of_width(white, int(width))
            for stage, level in enumerate(book.stack):
                rows = wanted[..., stage]
                if not rows.any():
                    break
                codes = level.encode(left[rows][None])
                grid[..., stage][rows] = codes[0]
                left = left.clone()
                left[rows] -= level.decode(codes)[0]
            found[..., own, :] = grid
        return found

    def _shapes(self, grid: Tensor, chosen: Tensor) -> Tensor:
        """Return the whitened coefficients that the chosen of a grid of codes decode to."""
        grid, chosen = (part[..., : self.plan.units, :] for part in (grid, chosen))
        total = torch.zeros(*grid.shape[:2], self.frame, device=grid.device)
        for width, book in self.shapes.items():
            own, (low, high) = self.width_of == int(width), self._where(int(width))
            wanted, codes = chosen[..., own, :], grid[..., own, :]
            part = total[..., low:high].unflatten(-1, (-1, int(width))).clone()
            for stage, level in enumerate(book.stack):
                rows = wanted[..., stage]
                if not rows.any():
                    break
                part[rows] += level.decode(codes[..., stage][rows][None])[0]
            total[..., low:high] = part.flatten(-2)
        return total

    def _health(self, z: Tensor, codes: Tensor) -> Health:
        found = Health.of(codes, self.levels)
        return Health(found.counts, torch.ones_like(found.energy), found.unusable)


def _round(envelope: ResidualVQ) -> None:
    for level in envelope.stack:
        level.codebook.entries.copy_(on_grid(level.codebook.entries))


def _some(rows: Tensor) -> Tensor:
    """Return rows that a codebook is learned from, evenly chosen."""
    return rows[:: max(1, len(rows) // LEARNT)]
