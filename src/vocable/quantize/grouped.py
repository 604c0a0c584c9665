"""Quantizers of groups of channels: product quantization, and grouped residual quantization.

"Product Quantization for Nearest Neighbor Search" (Jégou et al. 2011) cuts a vector into parts with
a codebook each. "HiFi-Codec: Group-residual Vector Quantization for High Fidelity Audio Codec"
(Yang et al. 2023, arXiv:2305.02765) gives each part residual levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.settings import exporting, ordinary_tensors
from vocable.quantize.base import Health, LevelCodes, Quantized, as_levels
from vocable.quantize.codebook import Codebook
from vocable.quantize.group_search import GroupTable, joined, nearest_in_groups
from vocable.quantize.health import usable
from vocable.quantize.parts import QuantizerOfParts
from vocable.quantize.precision import full_precision
from vocable.quantize.rvq import TILE, ResidualVQ
from vocable.quantize.search import SearchTable

Row = TypeVar("Row")
Tables = tuple[SearchTable, ...]


class GroupedVQ(QuantizerOfParts):
    """Quantize neighbouring channels by one of ``parts`` each, which are alike.

    Of parts with one level it is a product quantizer. Levels come stage by stage: the first level
    of all groups, then the second; a prefix has whole stages. All groups are searched by one
    batched product. With dropout the groups of an item use equally many levels.

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``; decoding puts what the
    parts decode side by side; ``decode(encode(z)) == forward(z).z`` in evaluation. Everything is
    computed in fp32.
    """

    parts: Sequence[ResidualVQ]

    def __init__(self, parts: Sequence[ResidualVQ]) -> None:
        super().__init__()
        forms = {(p.dim, p.levels, p.prefixes, p.dropout, p.uniform, _kind(p)) for p in parts}
        if len(forms) != 1 or not parts[0].uniform:
            shapes = [(part.dim, *part.levels) for part in parts]
            raise ModelError(
                "groups are 1 or more, alike in channels, levels, codebooks and dropout, and of "
                f"one rate; got {len(parts)} of channels and levels {shapes}"
            )
        groups, one = len(parts), parts[0]
        self.parts = nn.ModuleList(parts)  # type: ignore[assignment]
        self.dim = groups * one.dim
        self.levels = tuple(size for size in one.levels for _ in parts)
        self.prefixes = tuple(groups * n for n in one.prefixes)
        self._ready: dict[int, tuple[Tables, GroupTable]] = {}  # by stage

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        stages = self.wanted_levels(levels) // len(self.parts)
        if any(part.beam > 1 for part in self.parts):
            pairs = zip(self.parts, z.chunk(len(self.parts), -1), strict=True)
            rows = [as_levels(part.encode(x, stages)) for part, x in pairs]
            return torch.stack(self._arranged(rows), 1)
        return self._greedy(z.float(), stages)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        with full_precision(as_levels(codes)[0].device.type):
            pairs = zip(self.parts, self._shares(codes), strict=True)
            return torch.cat([part.decode_checked(own) for part, own in pairs], -1)

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        z = z.float()
        use = self.parts[0].drawn_levels(z)
        stages = len(self.parts[0].levels)
        given = None if self._waits else self._shares(self._greedy(z, stages))
        pairs = enumerate(zip(self.parts, z.chunk(len(self.parts), -1), strict=True))
        found = [part(x, given and given[group], use) for group, (part, x) in pairs]
        return self._joined(torch.cat([each.z for each in found], -1), found, z, None)

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        for part, rows in zip(self.parts, latents.chunk(len(self.parts), -1), strict=True):
            part.start_learning(rows, per_step)

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the largest of the groups' distances: each searches for itself."""
        count = len(self.parts)
        latents = zip(z.chunk(count, -1), other_z.chunk(count, -1), strict=True)
        both = zip(self._shares(codes), self._shares(other), strict=True)
        rows = zip(self.parts, latents, both, strict=True)
        return torch.stack([part.tie_distance(x, a, y, b) for part, (x, y), (a, b) in rows]).amax(0)

    def _arranged(self, rows: Sequence[Sequence[Row]]) -> list[Row]:
        return [row for stage in zip(*rows, strict=True) for row in stage]

    def _shares(self, codes: LevelCodes) -> list[tuple[Tensor, ...]]:
        rows, count = as_levels(codes), len(self.parts)
        return [rows[group::count] for group in range(count)]

    def _health(self, parts: Sequence[Health], z: Tensor) -> Health:
        """Return that of all levels; a level leaves all that the others have, and its own rest."""
        energies = [health.energy for health in parts]
        left, energy = [each[0] for each in energies], [torch.stack(energies)[:, 0].sum()]
        for stage in range(1, len(energies[0])):
            for group, each in enumerate(energies):
                left[group] = each[stage]
                energy.append(torch.stack(left).sum())
        counts = tuple(self._arranged([health.counts for health in parts]))
        return Health(counts, torch.stack(energy), (~usable(z)).sum())

    def _greedy(self, z: Tensor, stages: int) -> Tensor:
        with torch.no_grad(), full_precision(z.device.type):
            found = [self._search(tile, stages) for tile in self._tiles(z)]
            return found[0] if len(found) == 1 else torch.cat(found, 2)

    def _tiles(self, z: Tensor) -> Sequence[Tensor]:
        if exporting():  # a graph takes any number of frames
            return (z,)
        return torch.split(z, max(1, TILE // (max(1, z.shape[0]) * self.dim)), 1)

    def _search(self, z: Tensor, stages: int) -> Tensor:
        """Return the codes of the first stages, `[batch, levels, frames]`."""
        batch, frames, _ = z.shape
        left = z.reshape(batch * frames, len(self.parts), self.parts[0].dim)
        left = left.transpose(0, 1).contiguous()
        codes: list[Tensor] = []
        for stage in range(stages):
            if stage:
                left = left - _values(self._books(stage - 1), codes[-1])
            books = self._books(stage)
            codes.append(nearest_in_groups(_keys(books, left), self._table(stage, books)))
        return torch.cat(codes).view(-1, batch, frames).transpose(0, 1)

    def _books(self, stage: int) -> list[Codebook]:
        return [part.stack[stage].codebook for part in self.parts]

    def _table(self, stage: int, books: Sequence[Codebook]) -> GroupTable:
        """Return the joined table of a stage, kept as long as the codebooks keep theirs."""
        tables = tuple(book.table() for book in books)
        if torch.compiler.is_compiling():
            return joined(tables)
        ready = self._ready.get(stage)
        if ready is None or any(a is not b for a, b in zip(ready[0], tables, strict=True)):
            with ordinary_tensors():
                ready = tables, joined(tables)
            self._ready = {**self._ready, stage: ready}  # not written to: copies share it
        return ready[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_ready": {}}  # copies and files make their own


def _keys(books: Sequence[Codebook], left: Tensor) -> Tensor:
    """Return what is searched for, `[groups, rows, width]`."""
    pairs = zip(books, left, strict=True)
    return torch.stack([book.key(book.query(x)) for book, x in pairs])


def _values(books: Sequence[Codebook], codes: Tensor) -> Tensor:
    """Return what codes `[groups, rows]` stand for, `[groups, rows, dim]`."""
    pairs = zip(books, codes, strict=True)
    return torch.stack([book.value(F.embedding(row, book.entries)) for book, row in pairs])


def _kind(part: ResidualVQ) -> tuple[Any, ...]:
    return tuple((type(level.codebook), level.codebook.width) for level in part.stack)
