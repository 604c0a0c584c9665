"""Quantize a latent at several scales, each in what the coarser ones do not foretell of it.

"ESC: Efficient Speech Coding with Cross-Scale Residual Vector Quantized Transformers" (Gu & Diao
2024, arXiv:2404.19441): the features of each stage of the encoder, less those that the decoder has
made of coarser stages so far, are quantized by a product quantizer. Stages are whatever maps rows
to as many rows. Where they map frame by frame, streams need no more; the published ones, which
`vocable.codecs.esc` has, see neighbouring frames, so that a recording is quantized whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import LevelCodes, Quantized, as_levels
from vocable.quantize.dropout import drawn_levels
from vocable.quantize.grouped import GroupedVQ
from vocable.quantize.parts import QuantizerOfParts
from vocable.quantize.precision import full_precision


class CrossScaleVQ(QuantizerOfParts):
    """Quantize by ``parts``, one a scale, coarsest first; the last is of the latent itself.

    coarsen  makes of the features of a scale those of the next coarser one; as parts, but for the
             last, which nothing is made coarser for
    refine   makes of what a scale decodes to what is foretold of the next finer one; as many
    dropout  share of the items that use a drawn number of scales in training. A scale that all use
             hands its gradient to `coarsen` and the encoder alone, as published: so some of it

    Levels are those of the parts, in order; a prefix is all of some parts.

    Laws: the first n rows of ``encode(z)`` equal ``encode(z, levels=n)``; scales that have no codes
    are as foretold; ``decode(encode(z)) == forward(z).z`` in evaluation. All is computed in fp32.
    """

    parts: Sequence[GroupedVQ]
    coarsen: Sequence[nn.Module]
    refine: Sequence[nn.Module]

    def __init__(
        self,
        parts: Sequence[GroupedVQ],
        coarsen: Sequence[nn.Module],
        refine: Sequence[nn.Module],
        *,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not parts or {len(coarsen), len(refine)} != {len(parts) - 1}:
            raise ModelError(
                f"scales are {len(parts)} with {len(coarsen)} maps to coarser and {len(refine)} to "
                "finer ones; give 1 scale or more, and a map each between neighbours"
            )
        if not 0 <= dropout <= 1:
            raise ModelError(f"dropout is {dropout}; give a share of items from 0 to 1")
        self.dim, self.levels, self.prefixes = parts[-1].dim, (), ()
        for part in parts:
            self.levels += part.levels
            self.prefixes += (len(self.levels),)
        self.parts = nn.ModuleList(parts)  # type: ignore[assignment]
        self.coarsen = nn.ModuleList(coarsen)  # type: ignore[assignment]
        self.refine = nn.ModuleList(refine)  # type: ignore[assignment]
        self.dropout = dropout

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        scales = self.prefixes.index(self.wanted_levels(levels)) + 1
        codes: list[Tensor] = []
        with torch.no_grad(), full_precision(z.device.type):
            y: Tensor | float = 0.0
            for scale, x in enumerate(self._features(z.float())[:scales]):
                foretold = self._foretold(scale, y)
                found = self.parts[scale].encode(x - foretold)
                codes += as_levels(found)
                y = foretold + self.parts[scale].decode(found)
        return torch.stack(codes, 1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        shares = self._shares(codes)
        y: Tensor | float = 0.0
        with full_precision(shares[0][0].device.type):
            for scale, (part, own) in enumerate(zip(self.parts, shares, strict=True)):
                y = self._foretold(scale, y)
                y = y + part.decode(torch.stack(own, 1)) if own else y
        assert isinstance(y, Tensor)
        return y

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        share = self.dropout if self.training else 0.0
        scales = range(1, len(self.parts) + 1)
        use = drawn_levels(z.shape[0], len(self.parts), scales, share, z.device)
        found: list[Quantized] = []
        y: Tensor | float = 0.0
        with full_precision(z.device.type):
            for scale, x in enumerate(self._features(z.float())):
                foretold = self._foretold(scale, y)
                found.append(self.parts[scale](x - foretold))
                y = foretold + torch.where(use[scale][:, None, None], found[-1].z, 0.0)
        assert isinstance(y, Tensor)
        return self._joined(y, found, z, None)

    @torch.no_grad()
    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        with full_precision(latents.device.type):
            y: Tensor | float = 0.0
            for scale, x in enumerate(self._features(latents.float()[None])):
                foretold, part = self._foretold(scale, y), self.parts[scale]
                part.start_learning((x - foretold)[0], per_step)
                y = foretold + part.decode(part.encode(x - foretold))

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return that of the first scale that differs: those after it are foretold otherwise."""
        found = torch.zeros(z.shape[:2], dtype=torch.float64, device=z.device)
        agree = torch.ones(z.shape[:2], dtype=torch.bool, device=z.device)
        y: Tensor | float = 0.0
        moved: Tensor | float = 0.0
        with torch.no_grad(), full_precision(z.device.type):
            both = zip(self._features(z.float()), self._features(other_z.float()), strict=True)
            shares = zip(self._shares(codes), self._shares(other), strict=True)
            for scale, ((x, other_x), (a, b)) in enumerate(zip(both, shares, strict=True)):
                if not a:
                    break
                part, pair = self.parts[scale], (torch.stack(a, 1), torch.stack(b, 1))
                y, moved = self._foretold(scale, y), self._foretold(scale, moved)
                distance = part.tie_distance(x - y, pair[0], other_x - moved, pair[1])
                found = torch.where(agree, distance, found)
                agree = agree & (pair[0] == pair[1]).all(1)
                y, moved = y + part.decode(pair[0]), moved + part.decode(pair[1])
        return found

    def _features(self, z: Tensor) -> list[Tensor]:
        """Return the features of all scales, coarsest first."""
        found = [z]
        for coarser in reversed(list(self.coarsen)):
            found.append(coarser(found[-1]))
        return found[::-1]

    def _foretold(self, scale: int, y: Tensor | float) -> Tensor | float:
        """Return what the scale before, decoded, foretells of one; 0 of the first."""
        if not scale:
            return y
        foretold: Tensor = self.refine[scale - 1](y)
        return foretold
