"""Quantize what a channel vocoder sends: contours of pitch and of level, and the bands' shapes."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.codecs.contours import ContourBook
from vocable.codecs.level_contours import LevelBook
from vocable.quantize import Health, LevelCodes, Quantized, Quantizer, ResidualVQ, as_levels
from vocable.quantize.health import count_codes
from vocable.quantize.learn.kmeans import KMeans
from vocable.quantize.learn.update import Ema
from vocable.signal.pitch import POINTS

CONTOURS = 2  # levels before the residual ones


class ChannelQuantizer(Quantizer):
    """Level 0 is pitch, level 1 is loudness, the others are residual levels of a latent.

    A row is `[latent, POINTS pitch values in Hz, POINTS levels in dB]`. The moving averages of the
    entries are slow: with a hundred rows a step, quick ones would be means of a few vectors.
    """

    def __init__(
        self,
        dimensions: int,
        contours: int,
        levels: int,
        sizes: tuple[int, ...],
        dropout: float,
    ) -> None:
        super().__init__()
        self.book = ContourBook(contours, POINTS)
        self.level_book = LevelBook(levels, POINTS)
        self.residual = ResidualVQ(
            dimensions,
            sizes,
            dropout=dropout,
            update=Ema(decay=0.999),
            initialise=KMeans(per_entry=10),
        )
        self.dim = dimensions + 2 * POINTS
        self.levels = (contours, levels, *sizes)
        self.prefixes = tuple(range(CONTOURS + 1, len(self.levels) + 1))

    def encode(
        self, z: Float[Tensor, "batch frames axes"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        latent, hz, decibels = _split(z)
        rest = as_levels(self.residual.encode(latent, wanted - CONTOURS))
        return torch.stack([self.book.encode(hz), self.level_book.encode(decibels), *rest], dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames axes"]:
        self.check_codes(codes)
        pitch, level, *rest = as_levels(codes)
        return self._row(self.residual.decode_checked(rest), pitch, level)

    def forward(self, z: Float[Tensor, "batch frames axes"]) -> Quantized:
        latent, hz, decibels = _split(z)
        found = self.residual(latent)
        pitch, level = self.book.encode(hz), self.level_book.encode(decibels)
        return Quantized(
            self._row(found.z, pitch, level),
            torch.stack([pitch, level, *as_levels(found.codes)], dim=1),
            found.losses,
            self._health(found.health, pitch, level),
        )

    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Set the residual codebooks by latents; the books of contours are learnt by `prepare`."""
        self.residual.start_learning(_split(latents)[0], per_step)

    def resume_learning(self, per_step: int | None = None) -> None:
        self.residual.resume_learning(per_step)

    def drop_learning(self) -> None:
        self.residual.drop_learning()

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames axes"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames axes"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        (pitch, level, *rest), (pitch_2, level_2, *rest_2) = as_levels(codes), as_levels(other)
        (latent, hz, decibels), (latent_2, hz_2, decibels_2) = _split(z), _split(other_z)
        by_pitch = self.book.tie_distance(hz, pitch, hz_2, pitch_2)
        by_level = self.level_book.tie_distance(decibels, level, decibels_2, level_2)
        below = self.residual.tie_distance(latent, rest, latent_2, rest_2)
        later = torch.where(level == level_2, below, by_level)
        return torch.where(pitch == pitch_2, later, by_pitch)

    def _row(self, latent: Tensor, pitch: Tensor, level: Tensor) -> Tensor:
        contours = (self.book.decode(pitch), self.level_book.decode(level))
        return torch.cat([latent, *contours], dim=-1)

    def _health(self, residual: Health, pitch: Tensor, level: Tensor) -> Health:
        """Put the contours' levels first: they leave all of the latent's energy to the others."""
        counts = (count_codes(pitch, self.book.size), count_codes(level, self.level_book.size))
        energy = torch.cat([residual.energy[:1].repeat(CONTOURS), residual.energy])
        return Health((*counts, *residual.counts), energy, residual.unusable)


def _split(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    latent, hz, decibels = z.float().tensor_split((-2 * POINTS, -POINTS), dim=-1)
    return latent, hz, decibels
