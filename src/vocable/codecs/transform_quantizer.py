"""Quantize a spectrum by its attack, its envelope, and the shapes of small parts of it (units).

Gain and shape apart, as in Opus' CELT (Valin, Terriberry, Maxwell 2010, arXiv:1602.04845), with
learned codebooks for both: residual vector quantization of the log envelope, and of coefficients
divided by it, by codebooks that all units of one width share. Which unit a level codes follows from
the envelope (`transform_plan.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.codecs.transform_attack import CODES
from vocable.codecs.transform_envelope import Envelope
from vocable.codecs.transform_plan import AUDIBLE, FLOOR, Plan, cut
from vocable.codecs.transform_shapes import UnitShapes, some
from vocable.errors import ModelError
from vocable.quantize import Health, LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.precision import full_precision


class TransformQuantizer(Quantizer):
    """Quantize rows of a spectrum, the last column its attack.

    Level 0 is the attack, then come those of the envelope. Each of the others is a stage of a unit,
    or of a group of bands, whose envelope it refines: which one says the plan. Decoded rows are
    shapes, log2 envelope by band, stages by unit and by group, and the attack (`split`).
    """

    band_widths: Tensor

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
        self.frame, self.stages, self.planned = frame, stages, planned
        self.dim = frame + 1
        self.first = 1 + len(envelope)  # of the levels that are planned
        self.levels = (CODES, *envelope, *(size,) * planned)
        self.prefixes = tuple(prefixes)
        self.bands, edges = cut(bands), cut(units)
        grouped = [0, *itertools.accumulate(groups)]
        self.plan = Plan(self.bands, edges, grouped, stages, rate / 2 / frame)
        self.envelope = Envelope(envelope, groups, size, stages)
        self.shapes = UnitShapes(edges, frame, size, stages)
        widths = [high - low for low, high in pairwise(self.bands)]
        self.register_buffer("band_widths", torch.tensor(widths), persistent=False)

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        with torch.no_grad(), full_precision(z.device.type):
            z = z.float()
            log = self._log_envelope(z)
            coarse = self.envelope.encode(log)
            order = self._order(coarse)
            chosen = self.plan.chosen(order)
            refined = self.envelope.refine(log, coarse)
            exact = self._bounded(self.envelope.decode(coarse, refined, self._of_groups(chosen)))
            shapes = self.shapes.encode(self._whitened(z, exact), self._of_units(chosen))
            planned = torch.cat([shapes, refined], dim=2).flatten(-2).gather(-1, order)
            rows = [z[..., -1].long(), *coarse, *planned.unbind(2)]
            return torch.stack(rows[:wanted], dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames axes"]:
        self.check_codes(codes)
        rows = as_levels(codes)
        with full_precision(rows[0].device.type):
            coarse = rows[1 : self.first]
            grid, chosen = self._grid(rows)
            log = self.envelope.decode(coarse, self._of_groups(grid), self._of_groups(chosen))
            log = self._bounded(log)
            shapes = self.shapes.decode(self._of_units(grid), self._of_units(chosen))
            parts = [shapes, log, chosen.sum(-1).to(log), rows[0][..., None].to(log)]
            return torch.cat(parts, dim=2)

    def axis_spacing(self, levels: int | None = None) -> Tensor:
        """Refuse: lines of a spectrum change their sign from frame to frame, so means vanish."""
        raise ModelError(
            "frames of a spectrum have no mean that sounds like them; an adaptive rate needs a "
            "codec of latents, as speech-16k"
        )

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        """Quantize, in training with a random prefix of the levels, one for the whole batch."""
        codes = self.encode(z)
        used = len(self.levels)
        if self.training:
            used = self.prefixes[int(torch.randint(len(self.prefixes), ()))]
        found = Health.of(codes, self.levels)
        # Attacks are rare, so their level is not counted. Nor does the energy that levels leave say
        # anything: what none codes becomes noise.
        counts = (torch.zeros_like(found.counts[0]), *found.counts[1:])
        health = Health(counts, torch.ones_like(found.energy), found.unusable)
        return Quantized(self.decode(codes[:, :used]), codes, {}, health)

    def split(self, decoded: Float[Tensor, "batch frames axes"]) -> tuple[Tensor, ...]:
        """Return shapes, log2 envelope, stages by unit and by group, and attack of decoded rows."""
        sizes = [self.frame, len(self.bands) - 1, self.plan.units + self.plan.groups, 1]
        return torch.split(decoded, sizes, dim=-1)

    def by_bin(self, of_band: Float[Tensor, "*rows bands"]) -> Float[Tensor, "*rows bins"]:
        """Return a value of each band for each of its coefficients."""
        return of_band.repeat_interleave(self.band_widths, dim=-1)

    def coded(self, counts: Float[Tensor, "*rows parts"]) -> Float[Tensor, "*rows bins"]:
        """Return the stages of each unit for each coefficient, 0 above the units."""
        spread = counts[..., : self.plan.units].repeat_interleave(self.shapes.width_of, dim=-1)
        return nn.functional.pad(spread, (0, self.frame - spread.shape[-1]))

    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Learn all codebooks from rows of spectra; ``per_step`` does not matter."""
        with torch.no_grad(), full_precision(latents.device.type):
            z = some(latents.float())[None]
            log = self._log_envelope(z)
            self.envelope.start_learning(log[0])
            coarse = self.envelope.encode(log)
            chosen = self._of_groups(self.plan.chosen(self._order(coarse)))
            refined = self.envelope.refine(log, coarse)
            log = self._bounded(self.envelope.decode(coarse, refined, chosen))
            audible = self.plan.loudest(log)[..., : self.plan.units] > AUDIBLE
            self.shapes.start_learning(self._whitened(z, log), audible)

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the distance of the first part that differs: envelope, its groups, then units."""
        both, rows = (z.float(), other_z.float()), (as_levels(codes), as_levels(other))
        first, second = self._log_envelope(both[0]), self._log_envelope(both[1])
        coarse, moved = (r[1 : self.first] for r in rows)
        (grid, chosen), (instead, _) = self._grid(rows[0]), self._grid(rows[1])
        groups = (self._of_groups(g) * self._of_groups(chosen) for g in (grid, instead))
        first_groups, second_groups = groups
        log = self.envelope.decode(coarse, first_groups, self._of_groups(chosen))
        white = [self._whitened(x, self._bounded(log)) for x in both]
        steps = (
            self.envelope.whole.tie_distance(first, coarse, second, moved),
            self.envelope.tie_distance((first, second), coarse, (first_groups, second_groups)),
            self.shapes.tie_distance(
                (white[0], white[1]),
                (self._of_units(grid), self._of_units(instead)),
                self._of_units(chosen),
            ),
        )
        found = torch.where(steps[1] > 0, steps[1], steps[2])
        return torch.where(steps[0] > 0, steps[0], found)

    def _grid(self, rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the codes of the planned levels by part and stage, and which of these they are."""
        planned = rows[self.first :]
        order = self._order(rows[1 : self.first])[..., : len(planned)]
        chosen = self.plan.chosen(order)
        grid = torch.zeros(chosen.flatten(-2).shape, dtype=torch.int64, device=order.device)
        if planned:
            grid = grid.scatter(-1, order, torch.stack(list(planned), dim=2))
        return grid.reshape(chosen.shape), chosen

    def _of_units(self, grid: Tensor) -> Tensor:
        return grid[..., : self.plan.units, :]

    def _of_groups(self, grid: Tensor) -> Tensor:
        return grid[..., self.plan.units :, :]

    def _order(self, coarse: Sequence[Tensor]) -> Tensor:
        return self.plan.order(self._bounded(self.envelope.decode(coarse)), self.planned)

    def _bounded(self, log: Tensor) -> Tensor:
        return log.clamp(FLOOR, -FLOOR)

    def _log_envelope(self, z: Tensor) -> Tensor:
        """Return the log2 root mean square of each band."""
        power = torch.split(z[..., : self.frame].square(), self.band_widths.tolist(), dim=-1)
        mean = torch.stack([part.mean(-1) for part in power], dim=-1)
        return 0.5 * mean.clamp(min=2 ** (2 * FLOOR)).log2()

    def _whitened(self, z: Tensor, log: Tensor) -> Tensor:
        return z[..., : self.frame] * self.by_bin((-log).exp2())
