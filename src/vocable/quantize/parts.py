"""What quantizers share that are made of others: they learn as these do, and are as healthy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from vocable.quantize.base import Health, LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.health import energy_of

Row = TypeVar("Row")


class QuantizerOfParts(Quantizer):
    """Quantize by several quantizers; levels are theirs, those of the first part first."""

    parts: Sequence[Any]  # quantizers that learn

    @property
    def learning_started(self) -> bool:
        """Whether all codebooks are in use; before, training's `forward` quantizes nothing."""
        return all(part.learning_started for part in self.parts)

    def resume_learning(self, per_step: int | None = None) -> None:
        for part in self.parts:
            part.resume_learning(per_step)

    def drop_learning(self) -> None:
        for part in self.parts:
            part.drop_learning()

    @property
    def _waits(self) -> bool:
        """Whether training still collects latents for the first codebooks, and quantizes none."""
        return not self.learning_started and self._learns

    @property
    def _learns(self) -> bool:
        return any(part._learns for part in self.parts)

    def _arranged(self, rows: Sequence[Sequence[Row]]) -> list[Row]:
        """Return what each part says of its levels in the order of all levels."""
        return [row for own in rows for row in own]

    def _shares(self, codes: LevelCodes) -> list[tuple[Tensor, ...]]:
        """Return each part's codes; none for the last parts where there are fewer."""
        rows, found = as_levels(codes), []
        for part in self.parts:
            found.append(rows[: len(part.levels)])
            rows = rows[len(part.levels) :]
        return found

    def _joined(
        self, y: Tensor, found: Sequence[Quantized], z: Tensor, first: Tensor | None
    ) -> Quantized:
        """Return ``y`` with the codes, losses and health of the parts, which quantized ``z``."""
        codes = self._arranged([as_levels(each.codes) for each in found])
        health = self._health([each.health for each in found], z)
        return Quantized(y, self._together(codes), self._losses(found), health, first)

    def _together(self, rows: Sequence[Tensor]) -> LevelCodes:
        """Return codes of all levels in the form that their rates ask for."""
        return tuple(rows) if self.strides else torch.stack(tuple(rows), dim=1)

    def _losses(self, found: Sequence[Quantized]) -> dict[str, Tensor]:
        """Return each loss as the mean over all levels; a part without it has none to weigh in."""
        totals: dict[str, Tensor] = {}
        for part, quantized in zip(self.parts, found, strict=True):
            share = len(part.levels) / len(self.levels)
            for name, loss in quantized.losses.items():
                totals[name] = totals[name] + loss * share if name in totals else loss * share
        return totals

    def _health(self, parts: Sequence[Health], z: Tensor) -> Health:
        """Return that of all levels; what a level leaves is said of its part's own latent."""
        whole = energy_of(z)
        shares = [whole * health.energy[1:] / health.energy[0] for health in parts]
        counts = tuple(self._arranged([health.counts for health in parts]))
        unusable = torch.stack([health.unusable for health in parts]).amax(0)
        return Health(counts, torch.cat([whole[None], *shares]), unusable)
