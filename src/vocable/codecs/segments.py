"""Audio in overlapping pieces: cut for encoding, faded into one another after decoding.

For codecs that code every piece by itself, as EnCodec at 48 kHz ("High Fidelity Neural Audio
Compression", Défossez et al. 2022): pieces of `segment.length` samples begin every `segment.hop`;
decoded pieces are added under a triangular weight and divided by the sum of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.tokens import Segment


def whole_pieces(x: Tensor, segment: Segment) -> Iterator[Tensor]:
    """Yield the pieces of waiting samples `[batch, channels, n]` that are whole."""
    for start in range(0, x.shape[2] - segment.length + 1, segment.hop):
        yield x[..., start : start + segment.length]


def last_pieces(x: Tensor, segment: Segment) -> Iterator[Tensor]:
    """Yield the pieces of the last samples: the whole ones, and those that the end cuts short."""
    for start in range(0, x.shape[2], segment.hop):
        yield x[..., start : start + segment.length]


@dataclass(frozen=True)
class Overlap:
    """Decoded samples that the next piece still adds to.

    total: `[batch, channels, n]`, the weighted sum; weight: `[n]`, the sum of the weights; base:
    the length of the first piece, which is the base of the triangle (0: no piece has come).
    """

    total: Tensor
    weight: Tensor
    base: int = 0

    def add(self, piece: Float[Tensor, "batch channels time"]) -> Overlap:
        """Add a piece that begins where the waiting samples begin."""
        base = self.base or piece.shape[2]
        length = max(self.total.shape[2], piece.shape[2])
        fade = triangle(base, piece)[: piece.shape[2]]
        total = _padded(self.total, length) + _padded(piece * fade, length)
        return Overlap(total, _padded(self.weight, length) + _padded(fade, length), base)

    def take(self, count: int) -> tuple[Float[Tensor, "batch channels time"], Overlap]:
        """Return the first `count` samples, which are final, and what still waits."""
        ready = self.total[..., :count] / self.weight[:count]
        rest = self.total[..., count:].clone(), self.weight[count:].clone()
        return ready, Overlap(*rest, self.base)


def triangle(base: int, like: Tensor) -> Tensor:
    """Return weights that rise and fall again over `base` samples, above 0 everywhere."""
    position = torch.linspace(0, 1, base + 2, device=like.device, dtype=like.dtype)[1:-1]
    return 0.5 - (position - 0.5).abs()


def _padded(x: Tensor, length: int) -> Tensor:
    return torch.nn.functional.pad(x, (0, length - x.shape[-1]))
