"""Residual quantizers side by side on one latent, and one of what they leave of it.

FACodec ("NaturalSpeech 3: Zero-Shot Speech Synthesis with Factorized Codec and Diffusion Models",
Ju et al. 2024, arXiv:2403.03100) has levels of prosody and of content, each of the whole latent,
and levels of detail for what their sum leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import Health, LevelCodes, Quantized, as_levels
from vocable.quantize.health import energy_of
from vocable.quantize.parts import QuantizerOfParts
from vocable.quantize.precision import full_precision
from vocable.quantize.rvq import ResidualVQ
from vocable.quantize.total import total


class FactorisedVQ(QuantizerOfParts):
    """Quantize a latent by each of ``beside``, and by ``rest`` what their sum leaves of it.

    Levels are those of the parts, in order; a prefix is all of ``beside``, alone or with a prefix
    of ``rest``. ``rest`` begins to learn when the others have begun. ``dropout`` is the share of
    items that do without it in training, so that ``beside`` has to say what it can. ``apart``: the
    first part reads another latent, whose channels stand behind those of the others; then ``dim``
    is twice the ``width`` of each, in which everything decodes.

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``; decoding is the sum of
    what the parts decode, in order; ``decode(encode(z)) == forward(z).z`` in evaluation. Everything
    is computed in fp32.
    """

    beside: Sequence[ResidualVQ]

    def __init__(
        self,
        dim: int,
        beside: Sequence[ResidualVQ],
        rest: ResidualVQ,
        dropout: float = 0.0,
        apart: bool = False,
    ) -> None:
        super().__init__()
        parts = (*beside, rest)
        if not beside or not all(part.uniform and part.dim == dim for part in parts):
            raise ModelError(
                f"quantizers side by side are 1 or more, and all read {dim} dimensions at one rate;"
                f" got {len(beside)}, of dimensions {[part.dim for part in parts]}"
            )
        if not 0 <= dropout <= 1:
            raise ModelError(f"dropout is {dropout}; wanted a share of items, 0 to 1")
        self.dropout, self.apart, self.width = dropout, apart, dim
        first = sum(len(part.levels) for part in beside)
        self.dim = 2 * dim if apart else dim
        self.levels = tuple(size for part in parts for size in part.levels)
        self.prefixes = (first, *(first + n for n in rest.prefixes))
        self.beside = nn.ModuleList(beside)  # type: ignore[assignment]
        self.rest = rest

    @property
    def parts(self) -> tuple[ResidualVQ, ...]:  # type: ignore[override]
        """All of them, in order."""
        return (*self.beside, self.rest)

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        more = self.wanted_levels(levels) - self.prefixes[0]
        with torch.no_grad(), full_precision(z.device.type):
            z, own = self._apart(z.float())
            found = [part.encode(x) for part, x in zip(self.beside, own, strict=True)]
            codes = [row for own in found for row in as_levels(own)]
            if more:
                pairs = zip(self.beside, found, strict=True)
                left = z - total([part.decode_checked(rows) for part, rows in pairs])
                codes += as_levels(self.rest.encode(left, more))
        return torch.stack(codes, dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        with full_precision(as_levels(codes)[0].device.type):
            pairs = zip(self.parts, self._shares(codes), strict=True)
            return total([part.decode_checked(own) for part, own in pairs if own])

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        with full_precision(z.device.type):
            z, own = self._apart(z.float())
            found = [part(x) for part, x in zip(self.beside, own, strict=True)]
            begun = all(part.learning_started for part in self.beside)
            y = total([each.z for each in found]) if begun else z
            found.append(self.rest(z - y.detach()) if begun else _nothing(self.rest, z))
        joined = self._joined(y + self._kept(found[-1].z), found, z, found[0].first)
        return replace(joined, parts=tuple(each.z for each in found))

    def _apart(self, z: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the latent that ``rest`` goes on with, and what each of ``beside`` reads."""
        if not self.apart:
            return z, [z] * len(self.beside)
        shared, first = z.chunk(2, -1)
        return shared, [first, *([shared] * (len(self.beside) - 1))]

    def _kept(self, rest: Tensor) -> Tensor:
        """Return what ``rest`` gives, 0 for the items that do without it."""
        if not (self.training and self.dropout):
            return rest
        drawn = torch.rand(len(rest), 1, 1, dtype=torch.float32, device=rest.device)
        return rest * (drawn >= self.dropout)

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        with full_precision(latents.device.type):
            latents, own = self._apart(latents.float())
            for part, rows in zip(self.beside, own, strict=True):
                part.start_learning(rows, per_step)
            pairs = zip(self.beside, own, strict=True)
            known = [part.decode(part.encode(rows[None]))[0] for part, rows in pairs]
            self.rest.start_learning(latents - total(known), per_step)

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the largest of the parts' distances: each searches for itself.

        Where those side by side differ, what they leave is not compared.
        """
        found = []
        (left, read), (other_left, other_read) = (self._apart(x.double()) for x in (z, other_z))
        agree = torch.ones(z.shape[:2], dtype=torch.bool, device=z.device)
        own, others = self._shares(codes), self._shares(other)
        with torch.no_grad(), full_precision(z.device.type):
            rows = zip(self.beside, read, own, other_read, others, strict=False)
            for part, x, a, other_x, b in rows:
                found.append(part.tie_distance(x, a, other_x, b))
                left = left - part.decode_checked(a)
                other_left = other_left - part.decode_checked(b)
                agree &= torch.stack([x == y for x, y in zip(a, b, strict=True)]).all(0)
            if own[-1]:
                distance = self.rest.tie_distance(left, own[-1], other_left, others[-1])
                found.append(distance.masked_fill(~agree, 0.0))
        return torch.stack(found).amax(0)


def _nothing(part: ResidualVQ, z: Tensor) -> Quantized:
    """Return what a part gives that is not asked yet: zeros."""
    codes = z.new_zeros(z.shape[0], len(part.levels), z.shape[1], dtype=torch.int64)
    counts = tuple(z.new_zeros(size) for size in part.levels)
    return Quantized(
        torch.zeros_like(z), codes, {}, Health(counts, energy_of(z).repeat(len(counts) + 1))
    )
