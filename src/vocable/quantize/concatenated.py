"""Quantizers of neighbouring channels: each has a range of the latent to itself.

Voxtral's codec ("Voxtral TTS" 2026, arXiv:2603.25551) searches a codebook for the first channels,
and rounds each of the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.parts import QuantizerOfParts


class ConcatenatedQuantizer(QuantizerOfParts):
    """Quantize ranges of channels, in order, each by one of ``parts``, and put them together again.

    Levels are those of the parts, in order. No part stands for another's channels: all levels
    decode together, and no other number of them.

    Laws: ``decode(encode(z)) == forward(z).z`` in evaluation; a range decodes to the same whatever
    the codes of the others.
    """

    def __init__(self, parts: Sequence[Quantizer]) -> None:
        super().__init__()
        if not parts or any(set(part.strides) - {1} for part in parts):
            raise ModelError(
                "quantizers of ranges are 1 or more, of levels with one rate; got "
                f"{len(parts)} of strides {[part.strides for part in parts]}"
            )
        self.dim = sum(part.dim for part in parts)
        self.levels = tuple(size for part in parts for size in part.levels)
        self.prefixes = (len(self.levels),)
        self.parts = nn.ModuleList(parts)  # type: ignore[assignment]

    def encode(
        self, z: Float[Tensor, "batch frames dim"], levels: int | None = None
    ) -> Int[Tensor, "batch levels frames"]:
        self.wanted_levels(levels)
        found = [part.encode(x) for part, x in zip(self.parts, self._ranges(z), strict=True)]
        return torch.stack([row for codes in found for row in as_levels(codes)], dim=1)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        pairs = zip(self.parts, self._shares(codes), strict=True)
        return torch.cat([part.decode(_stacked(own)) for part, own in pairs], 2)

    def forward(self, z: Float[Tensor, "batch frames dim"]) -> Quantized:
        found = [part(x) for part, x in zip(self.parts, self._ranges(z), strict=True)]
        return self._joined(torch.cat([each.z for each in found], 2), found, z.float(), None)

    def start_learning(self, latents: Float[Tensor, "rows dim"], per_step: int) -> None:
        for part, rows in zip(self.parts, self._ranges(latents[None]), strict=True):
            part.start_learning(rows[0], per_step)

    def tie_distance(
        self,
        z: Float[Tensor, "batch frames dim"],
        codes: LevelCodes,
        other_z: Float[Tensor, "batch frames dim"],
        other: LevelCodes,
    ) -> Float[Tensor, "batch frames"]:
        """Return the largest of the parts' distances: each searches for itself."""
        own, others = self._shares(codes), self._shares(other)
        ranges = zip(self.parts, self._ranges(z), own, self._ranges(other_z), others, strict=True)
        found = [part.tie_distance(x, _stacked(a), y, _stacked(b)) for part, x, a, y, b in ranges]
        return torch.stack(found).amax(0)

    def _ranges(self, z: Tensor) -> tuple[Tensor, ...]:
        return torch.split(z.float(), [part.dim for part in self.parts], 2)


def _stacked(codes: tuple[Tensor, ...]) -> Tensor:
    return torch.stack(codes, dim=1)
