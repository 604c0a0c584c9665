"""Quantize a row of a speech encoder: contours by their books, the rest by residual levels."""

from __future__ import annotations

from abc import abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.codecs.contours import ContourBook
from vocable.codecs.level_contours import LevelBook
from vocable.quantize import Health, LevelCodes, Quantized, Quantizer, ResidualVQ, as_levels
from vocable.quantize.health import count_codes
from vocable.quantize.spacing import spacing
from vocable.signal.pitch import POINTS


class ContourQuantizer(Quantizer):
    """The first levels are contours, one book each, the others residual levels of a latent.

    A row is `[what the latent is made of, POINTS values for each book]`, and so is a decoded one,
    with the latent itself. The books are learnt by the model's `prepare`.
    """

    residual: ResidualVQ

    def _set_levels(self) -> None:
        """Derive levels and prefixes from the books and the residual levels."""
        self.contours = len(self.books)  # levels before the residual ones
        self.levels = (*(book.size for book in self.books), *self.residual.levels)
        self.prefixes = tuple(range(self.contours + 1, len(self.levels) + 1))

    @property
    @abstractmethod
    def books(self) -> tuple[ContourBook | LevelBook, ...]:
        """The books, in the order of their levels."""

    def latent(self, z: Float[Tensor, "*batch axes"]) -> Float[Tensor, "*batch dimensions"]:
        """Return what the residual levels quantize."""
        return self._split(z)[0]

    def encode(
        self, z: Float[Tensor, "batch frames axes"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        return self.encode_axes(self.to_axes(z), levels)

    def to_axes(self, z: Float[Tensor, "batch frames given"]) -> Float[Tensor, "batch frames axes"]:
        """Return the latent, and the contours as the books place them.

        The mean of the contours of several frames, point by point, is what a contour that is
        repeated in each of them distorts least: pitch in octaves, each point voiced where most are.
        """
        pairs = zip(self.books, self._split(z)[1:], strict=True)
        return torch.cat([self.latent(z), *(book.place(values) for book, values in pairs)], dim=-1)

    def encode_axes(
        self, rows: Float[Tensor, "batch frames axes"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        widths = [self.residual.dim, *(book.width for book in self.books)]
        latent, *placed = torch.split(rows, widths, dim=-1)
        contours = [book.search(row) for book, row in zip(self.books, placed, strict=True)]
        rest = as_levels(self.residual.encode(latent, wanted - self.contours))
        return torch.stack([*contours, *rest], dim=1)

    def axis_spacing(self, levels: int | None = None) -> Float[Tensor, " axes"]:
        """Return what the books tell apart, and of the latent what the last residual level does."""
        residual = self.residual.axis_spacing(self.wanted_levels(levels) - self.contours)
        each = [residual.new_full((b.width,), spacing(b.entries)) for b in self.books]
        return torch.cat([residual, *each])

    def code_axes(self, level: int) -> Float[Tensor, "size axes"]:
        """Return the entries of a book, or what a residual level's stand for."""
        if level < self.contours:
            return self.books[level].entries
        return self.residual.code_axes(level - self.contours)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames axes"]:
        self.check_codes(codes)
        contours, rest = self._apart(codes)
        return self._row(self.residual.decode_checked(rest), contours)

    def forward(self, z: Float[Tensor, "batch frames axes"]) -> Quantized:
        found, contours = self.residual(self.latent(z)), self._contours(z)
        return Quantized(
            self._row(found.z, contours),
            torch.stack([*contours, *as_levels(found.codes)], dim=1),
            found.losses,
            self._health(found.health, contours),
        )

    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        """Set the residual codebooks by latents."""
        self.residual.start_learning(self.latent(latents), per_step)

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
        """Return the distance of the first level that differs."""
        (contours, rest), (contours_2, rest_2) = self._apart(codes), self._apart(other)
        found = self.residual.tie_distance(self.latent(z), rest, self.latent(other_z), rest_2)
        values, values_2 = self._split(z)[1:], self._split(other_z)[1:]
        each = zip(self.books, values, contours, values_2, contours_2, strict=True)
        for book, given, chosen, given_2, chosen_2 in reversed(list(each)):
            here = book.tie_distance(given, chosen, given_2, chosen_2)
            found = torch.where(chosen == chosen_2, found, here)
        return found

    def _contours(self, z: Tensor) -> list[Tensor]:
        return [book.encode(x) for book, x in zip(self.books, self._split(z)[1:], strict=True)]

    def _split(self, z: Tensor) -> tuple[Tensor, ...]:
        """Return what the latent is made of, and the values of each book."""
        ends = tuple(-POINTS * n for n in range(len(self.books), 0, -1))
        return z.float().tensor_split(ends, dim=-1)

    def _apart(self, codes: LevelCodes) -> tuple[list[Tensor], list[Tensor]]:
        levels = list(as_levels(codes))
        return levels[: self.contours], levels[self.contours :]

    def _row(self, latent: Tensor, contours: list[Tensor]) -> Tensor:
        values = [book.decode(codes) for book, codes in zip(self.books, contours, strict=True)]
        return torch.cat([latent, *values], dim=-1)

    def _health(self, residual: Health, contours: list[Tensor]) -> Health:
        """Put the contours' levels first: they leave all of the latent's energy to the others."""
        counted = zip(self.books, contours, strict=True)
        counts = tuple(count_codes(codes, book.size) for book, codes in counted)
        energy = torch.cat([residual.energy[:1].repeat(len(counts)), residual.energy])
        return Health((*counts, *residual.counts), energy, residual.unusable)
