"""Lookup-free quantization: bits of a latent are the signs of its numbers.

LFQ: "Language Model Beats Diffusion - Tokenizer is Key to Visual Generation" (Yu et al. 2023,
arXiv:2310.05737: MAGVIT-v2). BSQ: "Image and Video Tokenization with Binary Spherical Quantization"
(Zhao et al. 2024, arXiv:2406.07548), as in FocalCodec: latents and corners have length 1.

What keeps codes in use is the loss `entropy`: each latent shall be sure of its code, all latents
together of none (`learn/entropy.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vocable.quantize.fsq import GroupedQuantizer
from vocable.quantize.lattice import Corners
from vocable.quantize.learn.entropy import bit_entropies, code_entropies


class LFQ(GroupedQuantizer):
    """Give each number of a latent a bit, by its sign; the first is the highest of the code.

    bits    numbers of a code: there are ``2 ** bits`` codes
    dim     channels of the latent; None: as many as numbers. Others are projected, in and out
    groups  codes a frame, each of its own numbers. All decode together

    Values are -1 and 1; 0 and NaN are -1. ``encode(decode(codes)) == codes`` without projections.
    """

    lattice: Corners
    sphere = False

    def __init__(self, bits: int, *, dim: int | None = None, groups: int = 1) -> None:
        super().__init__(Corners(bits, groups, sphere=self.sphere), dim)

    def _losses(self, places: Tensor, codes: Sequence[Tensor]) -> dict[str, Tensor]:
        entropies = bit_entropies if self.sphere else code_entropies
        groups = places.flatten(0, 1).chunk(len(codes), 1)
        each = torch.stack([entropies(group, self.lattice.reach) for group in groups])
        commitment = (places - self.axes_of(codes)).square().mean()
        return {"commitment": commitment, "entropy": each.mean()}


class BSQ(LFQ):
    """As `LFQ`, with latents brought to length 1 and values `±1 / √bits`.

    So far as a latent may lie from its corner, there is a limit, whatever the encoder gives. The
    entropy over all latents is taken as if bits were independent, as published: any number of them.
    """

    sphere = True
