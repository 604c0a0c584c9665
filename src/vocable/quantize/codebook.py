"""The parametrisation seam: what the entries of a codebook are, and where they are compared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn.seen import Kept, Seen
from vocable.nn.settings import ordinary_tensors
from vocable.quantize.beam import BeamTable, beam_table
from vocable.quantize.health import count_codes, usable
from vocable.quantize.learn.kmeans import KMeans, kmeans
from vocable.quantize.search import SearchTable, nearest, prepare


class Codebook(nn.Module):
    """Hold one level's entries `[size, width]`; map latents `[…, dim]` to their space and back."""

    projected = False  # True where `query` and `value` have weights that learn
    written = True  # False where entries follow from weights, and none can be set by itself
    entries: Tensor

    def __init__(self, size: int, width: int, learned: bool) -> None:
        super().__init__()
        self.size, self.width = size, width
        self._ready: tuple[Seen, SearchTable] | None = None
        self._beam = Kept[BeamTable]()
        self._hold(torch.randn(size, width, dtype=torch.float32) / width**0.5, learned)

    def _hold(self, entries: Tensor, learned: bool) -> None:
        """Keep random entries, as a parameter if ``learned``."""
        if learned:
            self.entries = nn.Parameter(entries)
        else:
            self.register_buffer("entries", entries)

    def query(self, z: Tensor) -> Tensor:
        """Return latents `[…, dim]` in the entries' space `[…, width]`."""
        return z

    def key(self, x: Tensor) -> Tensor:
        """Return vectors `[…, width]` as they are compared."""
        return x

    def value(self, x: Tensor) -> Tensor:
        """Return what vectors `[…, width]` of the entries' space stand for; it is affine."""
        return x

    @torch.no_grad()
    def start(self, z: Float[Tensor, "rows dim"], how: KMeans) -> None:
        """Put the entries at cluster centres of latents."""
        self.entries.copy_(kmeans(self.query(z), self.size, how.iterations))

    def search(self, x: Tensor) -> Tensor:
        """Return the codes `[…]` of the entries nearest to ``x`` `[…, width]`."""
        flat = self.key(x.detach()).reshape(-1, self.width)
        return nearest(flat, self.table()).reshape(x.shape[:-1])

    def train(self, mode: bool = True) -> Codebook:
        self._ready, self._beam = None, Kept()
        return super().train(mode)

    def table(self) -> SearchTable:
        """Return the search table, in evaluation kept as long as the entries are the same."""
        entries = self.entries
        if self.training or entries.is_inference() or torch.compiler.is_compiling():
            return prepare(self.key(entries.detach()))
        ready = self._ready
        if ready is None or not ready[0].is_still(entries):
            with ordinary_tensors():
                table = prepare(self.key(entries.detach()), kept=True)
            self._ready = ready = Seen(entries), table
        return ready[1]

    @torch.no_grad()
    def beam_table(self) -> BeamTable:
        """Return the table for a search of several levels, kept as `table` is."""

        def make() -> BeamTable:
            return beam_table(self.entries, self.value, projected=self.projected)

        if self.training or torch.compiler.is_compiling():
            return make()
        return self._beam.made(make, *self.parameters(), *self.buffers())

    def look_again(self) -> None:
        """Drop what was made of entries that have changed and left no trace."""
        if self._ready is not None and not self._ready[0].keeps_values():
            self._ready = None
        self._beam.look_again()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_ready": None}  # copies and files make their own


class Parametrisation(ABC):
    """Make the codebook of one level."""

    @abstractmethod
    def make(self, dim: int, size: int, learned: bool) -> Codebook:
        """Return a codebook for latents of ``dim``; its entries are a parameter if ``learned``."""


@dataclass(frozen=True)
class Plain(Parametrisation):
    """Entries in the latent space itself, compared by Euclidean distance."""

    def make(self, dim: int, size: int, learned: bool) -> Codebook:
        return Codebook(size, dim, learned)


@dataclass(frozen=True)
class Normalised(Parametrisation):
    """Entries in a low-dimensional space of the level's own, compared by angle.

    Factorised, L2-normalised codes: "Vector-quantized Image Modeling with Improved VQGAN" (Yu et
    al. 2021), as in DAC, which looks up by angle but decodes the entry as it is.
    """

    width: int = 8  # dimensions of the lookup
    bias: bool = True  # of the maps to these dimensions and back; ESC's have none

    def make(self, dim: int, size: int, learned: bool) -> Codebook:
        return _NormalisedCodebook(dim, size, self.width, learned, bias=self.bias)


@dataclass(frozen=True)
class Projected(Parametrisation):
    """Entries in a low-dimensional space of the level's own, compared by Euclidean distance."""

    width: int = 64  # dimensions of the lookup

    def make(self, dim: int, size: int, learned: bool) -> Codebook:
        return _ProjectedCodebook(dim, size, self.width, learned)


class _ProjectedCodebook(Codebook):
    projected = True

    def __init__(
        self, dim: int, size: int, width: int, learned: bool, *, bias: bool = True
    ) -> None:
        super().__init__(size, width, learned)
        self.down = nn.Linear(dim, width, bias=bias, dtype=torch.float32)
        self.up = nn.Linear(width, dim, bias=bias, dtype=torch.float32)

    def query(self, z: Tensor) -> Tensor:
        low: Tensor = self.down(z)
        return low

    def value(self, x: Tensor) -> Tensor:
        latent: Tensor = self.up(x)
        return latent

    @torch.no_grad()
    def start(self, z: Float[Tensor, "rows dim"], how: KMeans) -> None:
        """Put the projections at the main axes of latents, the entries at cluster centres.

        `up` then undoes `down`; random ones would add to what the next level has to quantize.
        """
        z = z[usable(z)]
        axes = torch.linalg.eigh(z.T @ z).eigenvectors[:, -self.width :]
        for linear, weight in ((self.down, axes.T), (self.up, axes)):
            linear.weight.zero_()
            linear.weight[: len(weight), : weight.shape[1]] = weight
            if linear.bias is not None:
                linear.bias.zero_()
        self._start_entries(self.query(z), how)

    def _start_entries(self, x: Float[Tensor, "rows width"], how: KMeans) -> None:
        self.entries.copy_(kmeans(x, self.size, how.iterations))


class _NormalisedCodebook(_ProjectedCodebook):
    def key(self, x: Tensor) -> Tensor:
        return F.normalize(x, dim=-1)

    def _start_entries(self, x: Float[Tensor, "rows width"], how: KMeans) -> None:
        """Put them at centres of directions."""
        directions = kmeans(self.key(x), self.size, how.iterations)
        codes = nearest(self.key(x), prepare(self.key(directions)))
        counts = count_codes(codes, self.size)[:, None]
        sums = torch.zeros_like(directions).index_add_(0, codes, x)
        spare = directions * x.norm(dim=-1).mean()
        self.entries.copy_(torch.where(counts > 0, sums / counts.clamp(min=1), spare))
