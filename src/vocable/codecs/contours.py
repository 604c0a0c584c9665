"""Quantize pitch: each frame's four pitch values become one entry of a book of contours.

An entry is a contour a reader understands (four values in Hz, 0 = unvoiced), so tokens can be read
and moved: `nearest` after scaling changes the voice's pitch. Entry 0 is unvoiced throughout.
The book is learnt once by k-means over training contours, not by gradient.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.quantize.search import nearest, prepare

REFERENCE = 150.0  # Hz, where the pitch axis has its zero
MISMATCH = 0.25  # octaves that a wrongly voiced point costs, as a distance


def embed(hz: Float[Tensor, "*batch points"]) -> Float[Tensor, "*batch axes"]:
    """Return vectors whose squared distance is octaves² over voiced points plus voicing mismatches.

    Each point gives two numbers: MISMATCH if voiced, and octaves over REFERENCE (0 if unvoiced).
    """
    voiced = hz > 0
    octaves = torch.where(voiced, torch.log2(hz.clamp(min=1.0) / REFERENCE), 0.0)
    return torch.cat([voiced * MISMATCH, octaves], dim=-1)


class ContourBook(nn.Module):
    """A book of pitch contours `[size, points]` in Hz."""

    hz: Tensor

    def __init__(self, size: int, points: int) -> None:
        super().__init__()
        self.register_buffer("hz", torch.zeros(size, points))

    @torch.no_grad()
    def learn(self, contours: Float[Tensor, "frames points"], rounds: int = 30) -> None:
        """Fill the book by k-means over pitch contours in Hz, seeded by the global generator.

        Voicing is settled by majority, pitch is the mean in octaves over the voiced members.
        """
        voiced = contours[(contours > 0).any(-1)]
        points = embed(voiced)
        picks = torch.randperm(len(voiced))[: len(self.hz) - 1]
        centres = points[picks]
        for _ in range(rounds):
            owner = nearest(points, prepare(centres))
            count = torch.zeros(len(centres)).index_add_(0, owner, torch.ones(len(points)))
            total = torch.zeros_like(centres).index_add_(0, owner, points)
            empty = count == 0
            centres = torch.where(empty[:, None], centres, total / count.clamp(min=1)[:, None])
            spare = torch.randint(len(points), (int(empty.sum()),))
            centres[empty] = points[spare]
        half = centres.shape[1] // 2
        share, octaves = centres[:, :half] / MISMATCH, centres[:, half:]
        hz = torch.where(share > 0.5, REFERENCE * 2 ** (octaves / share.clamp(min=0.5)), 0.0)
        self.hz[0] = 0
        self.hz[1:][: len(hz)] = hz[hz.clamp(min=1).log2().mean(-1).argsort()]

    def encode(self, hz: Float[Tensor, "batch frames points"]) -> Int[Tensor, "batch frames"]:
        """Return the index of the nearest contour of each frame."""
        flat = embed(hz.float().reshape(-1, hz.shape[-1]))
        return nearest(flat, prepare(embed(self.hz))).reshape(hz.shape[:-1])

    def decode(self, codes: Int[Tensor, "batch frames"]) -> Float[Tensor, "batch frames points"]:
        """Return the contours in Hz."""
        return self.hz[codes]
