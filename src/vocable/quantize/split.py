"""Residual quantizers side by side on one latent, their results summed.

Mimi ("Moshi: a speech-text foundation model for real-time dialogue", Défossez et al. 2024,
arXiv:2410.00037) gives its first level, which learns what is said, a quantizer of its own beside
that of the others: what it leaves over is not what the others have to code.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import LevelCodes, Quantized, as_levels
from vocable.quantize.parts import QuantizerOfParts
from vocable.quantize.precision import full_precision
from vocable.quantize.rvq import ResidualVQ
from vocable.quantize.total import total


class SplitVQ(QuantizerOfParts):
    """Quantize a latent by each of ``parts``, each behind bias-free projections into and out of it.

    Levels are those of the parts, in order; a prefix is all of some parts and a prefix of the next.
    Each part learns from its own projection of the latent, which learns by the part's estimator;
    before they have started, training's `forward` only projects.

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``; decoding is the sum of
    what the parts decode, projected, in order; ``decode(encode(z)) == forward(z).z`` in evaluation.
    Everything is computed in fp32.
    """

    parts: Sequence[ResidualVQ]
    into: Sequence[nn.Linear]
    out: Sequence[nn.Linear]

    def __init__(self, dim: int, parts: Sequence[ResidualVQ]) -> None:
        super().__init__()
        if not parts or not all(part.uniform for part in parts):
            raise ModelError(
                f"quantizers side by side are 1 or more, of levels with one rate; got {len(parts)}"
                f" of strides {[part.strides for part in parts]}"
            )
        self.dim, self.levels, self.prefixes = dim, (), ()
        for part in parts:
            self.prefixes += tuple(len(self.levels) + n for n in part.prefixes)
            self.levels += part.levels
        plain = {"bias": False, "dtype": torch.float32}
        self.parts = nn.ModuleList(parts)  # type: ignore[assignment]
        self.into = nn.ModuleList(nn.Linear(dim, p.dim, **plain) for p in parts)  # type: ignore
        self.out = nn.ModuleList(nn.Linear(p.dim, dim, **plain) for p in parts)  # type: ignore

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        left = self.wanted_levels(levels)
        codes: list[Tensor] = []
        with torch.no_grad(), full_precision(z.device.type):
            for part, into in zip(self.parts, self.into, strict=True):
                if left > 0:
                    codes += as_levels(part.encode(into(z.float()), min(left, len(part.levels))))
                    left -= len(part.levels)
        return torch.stack(codes, dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        with full_precision(as_levels(codes)[0].device.type):
            rows = zip(self.parts, self._shares(codes), self.out, strict=True)
            found = [out(part.decode_checked(own)) for part, own, out in rows if own]
            return total(found)

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        with full_precision(z.device.type):
            z = z.float()
            pairs = zip(self.parts, self.into, strict=True)
            found = [part(into(z)) for part, into in pairs]
            y = total([out(f.z) for f, out in zip(found, self.out, strict=True)])
            first = self.out[0](found[0].first)
        return self._joined(y, found, z, first)

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        with full_precision(latents.device.type):
            for part, into in zip(self.parts, self.into, strict=True):
                part.start_learning(into(latents.float()), per_step)

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the larger of the parts' distances: each searches for itself."""
        found = []
        with torch.no_grad(), full_precision(z.device.type):
            both = zip(self._shares(codes), self._shares(other), strict=True)
            for part, into, (a, b) in zip(self.parts, self.into, both, strict=True):
                if a:
                    seen, moved = into(z.float()), into(other_z.float())
                    found.append(part.tie_distance(seen, a, moved, b))
        return torch.stack(found).amax(0)
