"""Quantize pitch: each frame's pitch values become one entry of a book of contours.

An entry is a contour a reader understands (values in Hz, 0 = unvoiced), so tokens can be read and
moved: the entry nearest to a scaled contour changes the voice's pitch. Entry 0 is unvoiced
throughout. The book is learnt once by k-means over training contours, not by gradient.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from vocable.quantize.codebook import Codebook
from vocable.quantize.learn.kmeans import kmeans
from vocable.quantize.ties import tie_distance
from vocable.signal.pitch import from_octaves, to_octaves

MISMATCH = 0.25  # octaves that a wrongly voiced point costs, as a distance


def embed(hz: Float[Tensor, "*batch points"]) -> Float[Tensor, "*batch axes"]:
    """Return vectors whose squared distance is octaves² over voiced points plus voicing mismatches.

    Each point gives two numbers: MISMATCH if voiced, and its octaves (0 if unvoiced).
    """
    voiced, octaves = to_octaves(hz)
    return torch.cat([voiced * MISMATCH, octaves], dim=-1)


def unembed(entries: Float[Tensor, "*batch axes"]) -> Float[Tensor, "*batch points"]:
    """Return the pitch in Hz that vectors stand for, 0 = unvoiced; the inverse of `embed`."""
    voiced, octaves = entries.chunk(2, dim=-1)
    return from_octaves(voiced > MISMATCH / 2, octaves)


class ContourBook(Codebook):
    """A codebook whose entries are pitch contours, searched as `embed` places them."""

    def __init__(self, size: int, points: int) -> None:
        super().__init__(size, 2 * points, learned=False)
        self.entries.zero_()

    @property
    def hz(self) -> Float[Tensor, "size points"]:
        """The contours in Hz, 0 = unvoiced."""
        return unembed(self.entries)

    def encode(self, hz: Float[Tensor, "batch frames points"]) -> Int[Tensor, "batch frames"]:
        """Return the index of the nearest contour of each frame."""
        return self.search(self.place(hz))

    def place(self, hz: Float[Tensor, "*batch points"]) -> Float[Tensor, "*batch axes"]:
        """Return where a contour lies among the entries."""
        return embed(hz.float())

    def decode(self, codes: Int[Tensor, "batch frames"]) -> Float[Tensor, "batch frames points"]:
        """Return the contours in Hz."""
        return unembed(F.embedding(codes, self.entries))

    def tie_distance(
        self,
        hz: Float[Tensor, "batch frames points"],
        codes: Int[Tensor, "batch frames"],
        other_hz: Float[Tensor, "batch frames points"],
        other: Int[Tensor, "batch frames"],
    ) -> Float[Tensor, "batch frames"]:
        """Return how far from a tie two choices of contours are; see `quantize.ties`."""
        chosen, instead = self.entries[codes], self.entries[other]
        found = tie_distance(embed(hz.float()), embed(other_hz.float()), chosen, instead)
        return found.masked_fill(codes == other, 0.0)

    @torch.no_grad()
    def learn(self, contours: Float[Tensor, "frames points"], rounds: int = 30) -> None:
        """Fill the book by k-means over contours in Hz, drawn from the global generator.

        A centre is voiced where most of its members are, and its pitch there is their mean in
        octaves. Entries are sorted by their mean pitch.
        """
        voiced = embed(contours[(contours > 0).any(-1)])
        if not len(voiced):  # nobody speaks or sings: every entry is unvoiced
            self.entries.zero_()
            return
        centres = kmeans(voiced, self.size - 1, rounds)
        share, octaves = centres.chunk(2, dim=-1)
        share = share / MISMATCH
        hz = from_octaves(share > 0.5, octaves / share.clamp(min=0.5))
        hz = hz[hz.clamp(min=1).log2().mean(-1).argsort()]
        self.entries.zero_()
        self.entries[1 : len(hz) + 1] = embed(hz)
