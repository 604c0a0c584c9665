"""What quantizers without codebooks share: a few numbers a frame, each quantized by itself.

Where the latent is wider there is a projection into these numbers, and one out of them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.settings import exporting
from vocable.quantize.base import Health, LevelCodes, Quantized, Quantizer, as_levels, same_codes
from vocable.quantize.health import count_codes, energy_of, usable
from vocable.quantize.lattice import Lattice
from vocable.quantize.learn.estimator import straight_through
from vocable.quantize.precision import full_precision
from vocable.quantize.ties import tie_distance

TILE = 1 << 17  # numbers that pass all operations before the next, in the cache: 512 KiB


class ScalarQuantizer(Quantizer):
    """Quantize so many numbers a frame, in fp32; codes are `[batch, levels, frames]`.

    Rows of axes are the values that the lattice decodes, and what lies between them.
    """

    lattice: Lattice

    def __init__(
        self, lattice: Lattice, levels: int, prefixes: Sequence[int], dim: int | None
    ) -> None:
        super().__init__()
        width = lattice.width
        self.dim, self.lattice = width if dim is None else dim, lattice
        self.levels, self.prefixes = (lattice.size,) * levels, tuple(prefixes)
        if self.dim < 1:
            raise ModelError(f"dim is {self.dim}; give the channels of a latent, 1 or more")
        self.into: nn.Module = nn.Identity()
        self.out: nn.Module = nn.Identity()
        if self.dim != width:
            self.into = nn.Linear(self.dim, width, dtype=torch.float32)
            self.out = nn.Linear(width, self.dim, dtype=torch.float32)

    @abstractmethod
    def _place(self, x: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch frames width"]:
        """Return where the numbers lie that are searched for, with gradient."""

    @abstractmethod
    def _search(
        self, places: Float[Tensor, "batch frames width"], levels: int
    ) -> Int[Tensor, "batch levels frames"]:
        """Return the codes of the first levels that are nearest to places."""

    @abstractmethod
    def _values(
        self, places: Float[Tensor, "batch frames width"]
    ) -> Float[Tensor, "batch frames width"]:
        """Return the values of places."""

    @abstractmethod
    def _left(self, values: Tensor, codes: Sequence[Tensor]) -> list[Tensor]:
        """Return what of values is not coded behind each level, `[batch, frames, width]`."""

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        wanted = self.wanted_levels(levels)
        with torch.no_grad(), full_precision(z.device.type):
            found = [self._search(self._places_of(tile), wanted) for tile in self._tiles(z)]
            return found[0] if len(found) == 1 else torch.cat(found, 2)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        with full_precision(as_levels(codes)[0].device.type):
            z: Tensor = self.out(self.axes_of(codes))
            return z

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        with full_precision(z.device.type):
            places = self._places_of(z)
            with torch.no_grad():
                codes = self._search(places, len(self.levels))
            values, each = self._values(places), codes.unbind(1)
            y = self.out(straight_through(values, self._drawn(each)))
            health = self._health(values.detach(), each, usable(z))
            return Quantized(y, codes, self._losses(places, each), health)

    def to_axes(self, z: Float[Tensor, "batch frames dim"]) -> Float[Tensor, "batch frames width"]:
        """Return where latents lie among the values: what the mean of several is, too."""
        with full_precision(z.device.type):
            return self._values(self._places_of(z))

    @abstractmethod
    def encode_axes(
        self, rows: Float[Tensor, "batch frames width"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]: ...

    @abstractmethod
    def axes_of(self, codes: LevelCodes) -> Float[Tensor, "batch frames width"]: ...

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the distance from a tie among the values, 0 where all levels agree."""
        values = self.to_axes(z), self.to_axes(other_z), self.axes_of(codes), self.axes_of(other)
        alike = same_codes(self.per_frame(codes), self.per_frame(other))
        return tie_distance(*values).masked_fill(alike, 0.0)

    def _tiles(self, z: Tensor) -> Sequence[Tensor]:
        """Return latents in parts, whole frames each."""
        if exporting():  # a graph takes any number of frames
            return (z,)
        return torch.split(z, max(1, TILE // (max(1, len(z)) * self.lattice.width)), 1)

    def _places_of(self, z: Tensor) -> Tensor:
        if z.shape[-1] != self.dim:
            raise ModelError(
                f"latents have {z.shape[-1]} channels but this quantizer takes {self.dim}"
            )
        return self._place(self.into(z.float()).contiguous())

    def _drawn(self, codes: Sequence[Tensor]) -> Tensor:
        """Return the values of the levels that training uses: here of all."""
        return self.axes_of(codes)

    def _losses(self, places: Tensor, codes: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return named losses: here none, there is no codebook to agree with."""
        return {}

    def _health(
        self, values: Tensor, codes: Sequence[Tensor], known: Bool[Tensor, "batch frames"]
    ) -> Health:
        """Count the codes of usable latents, and the energy that levels leave of their values."""
        pairs = zip(codes, self.levels, strict=True)
        counts = tuple(count_codes(row, size, known) for row, size in pairs)
        left = (values, *self._left(values, codes))
        energy = torch.stack([energy_of(torch.where(known[..., None], x, 0.0)) for x in left])
        return Health(counts, energy, (~known).sum())
