"""Quantizers of neighbouring channels: each has a range of the latent to itself.

Voxtral's codec ("Voxtral TTS" 2026, arXiv:2603.25551) searches a codebook for the first channels,
and rounds each of the others. Jukebox (Dhariwal et al. 2020, arXiv:2005.00341) has a codebook for
what each of its encoders makes, at rates of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.quantize.base import LevelCodes, Quantized, Quantizer, as_levels
from vocable.quantize.parts import QuantizerOfParts


class ConcatenatedQuantizer(QuantizerOfParts):
    """Quantize ranges of channels, in order, each by one of ``parts``, and put them together again.

    Levels are those of the parts, in order, and so are their strides. No part stands for another's
    channels: all levels decode together, and no other number of them, unless parts are ``alone``,
    each of which says all. Then a prefix is the levels of some first parts, and the channels of the
    others are zeros.

    Laws: ``decode(encode(z)) == forward(z).z`` in evaluation; a range decodes to the same whatever
    the codes of the others.
    """

    def __init__(self, parts: Sequence[Quantizer], *, alone: bool = False) -> None:
        super().__init__()
        if not parts:
            raise ModelError("quantizers of ranges are 1 or more; got none")
        self.dim = sum(part.dim for part in parts)
        self.levels = tuple(size for part in parts for size in part.levels)
        ends = tuple(accumulate(len(part.levels) for part in parts))
        self.prefixes = ends if alone else ends[-1:]
        strides = [part.strides or (1,) * len(part.levels) for part in parts]
        if any(stride > 1 for own in strides for stride in own):
            self.strides = tuple(stride for own in strides for stride in own)
        self.parts = nn.ModuleList(parts)  # type: ignore[assignment]

    def encode(self, z: Float[Tensor, "batch frames dim"], levels: int | None = None) -> LevelCodes:
        wanted, rows = self.wanted_levels(levels), list[Tensor]()
        for part, x in zip(self.parts, self._ranges(z), strict=True):
            if len(rows) < wanted:
                rows += as_levels(part.encode(x))
        return self._together(rows)

    def decode(self, codes: LevelCodes) -> Float[Tensor, "batch frames dim"]:
        self.check_codes(codes)
        pairs = zip(self.parts, self._shares(codes), strict=True)
        found = [part.decode(_form(part, own)) if own else part.dim for part, own in pairs]
        like = next(y for y in found if isinstance(y, Tensor))
        ranges = [y if isinstance(y, Tensor) else like.new_zeros(*like.shape[:2], y) for y in found]
        return torch.cat(ranges, 2)

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
        found = [
            part.tie_distance(x, _form(part, a), y, _form(part, b))
            for part, x, a, y, b in ranges
            if a
        ]
        return torch.stack(found).amax(0)

    def _ranges(self, z: Tensor) -> tuple[Tensor, ...]:
        return torch.split(z.float(), [part.dim for part in self.parts], 2)


def _form(part: Quantizer, codes: tuple[Tensor, ...]) -> LevelCodes:
    """Return codes of a part as it takes them."""
    return codes if part.strides else torch.stack(codes, dim=1)
