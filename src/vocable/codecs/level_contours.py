"""Quantize loudness over time: each frame's levels become one entry of a book of contours.

An entry holds levels in dB of full scale, so tokens can be read. Entry 0 is silence throughout. The
book is learnt once by k-means over training contours moved up and down, not by gradient.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from vocable.quantize.codebook import Codebook
from vocable.quantize.learn.kmeans import kmeans
from vocable.quantize.ties import tie_distance

SILENCE = -90.0  # dB of full scale: the level of a row of zeros


class LevelBook(Codebook):
    """A codebook whose entries are contours of levels."""

    def __init__(self, size: int, points: int) -> None:
        super().__init__(size, points, learned=False)
        self.entries.fill_(SILENCE)

    def encode(self, levels: Float[Tensor, "batch frames points"]) -> Int[Tensor, "batch frames"]:
        """Return the index of the nearest contour of each frame."""
        return self.search(self.place(levels))

    def place(self, levels: Float[Tensor, "*batch points"]) -> Float[Tensor, "*batch points"]:
        """Return where a contour lies among the entries: its values."""
        return levels.float()

    def decode(self, codes: Int[Tensor, "batch frames"]) -> Float[Tensor, "batch frames points"]:
        """Return the contours in dB of full scale."""
        return F.embedding(codes, self.entries)

    def tie_distance(
        self,
        levels: Float[Tensor, "batch frames points"],
        codes: Int[Tensor, "batch frames"],
        other_levels: Float[Tensor, "batch frames points"],
        other: Int[Tensor, "batch frames"],
    ) -> Float[Tensor, "batch frames"]:
        """Return how far from a tie two choices of contours are; see `quantize.ties`."""
        chosen, instead = self.entries[codes], self.entries[other]
        found = tie_distance(levels.float(), other_levels.float(), chosen, instead)
        return found.masked_fill(codes == other, 0.0)

    @torch.no_grad()
    def learn(self, levels: Float[Tensor, "rows points"]) -> None:
        """Set the entries by k-means, quiet ones first; entry 0 stays silence."""
        centres = kmeans(levels.float().clamp(min=SILENCE), self.size - 1, 30)
        self.entries.fill_(SILENCE)
        self.entries[1 : len(centres) + 1] = centres[centres.mean(-1).argsort()]
