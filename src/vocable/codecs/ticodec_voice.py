"""TiCodec's voice: codes of what stays the same over a recording, and how they are learnt.

"Fewer-token Neural Speech Codec with Time-invariant Codes" (Ren et al. 2023, arXiv:2310.00014).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.codecs.hifigan_blocks import symmetric
from vocable.codecs.model import SideEncoder, Sides
from vocable.errors import TokenError
from vocable.nn import BatchNorm, Block, LeakyReLU, Linear, Stack
from vocable.quantize.codebook import Codebook
from vocable.quantize.learn.estimator import straight_through
from vocable.quantize.precision import full_precision

SLOPE = 0.1  # of activations


class FoundVoice(NamedTuple):
    """A voice in training: its codes, what they stand for, with gradient, and losses."""

    codes: Int[Tensor, "batch groups"]
    vector: Float[Tensor, "batch numbers"]
    losses: dict[str, Tensor]


class VoiceEncoder(SideEncoder):
    """What all of a recording is like, as a few codes: a mean over time, quantized in shares.

    width, hidden, numbers: channels of its rows, of its layers, and numbers of a voice. groups:
    codes of a voice, one for each share of its numbers, of codebooks of `size` entries.
    """

    books: Sequence[Codebook]

    def __init__(
        self, width: int, hidden: int, numbers: int, *, kernel: int, groups: int, size: int
    ) -> None:
        super().__init__()
        layers: list[Block] = []
        for into, out in pairwise((width, hidden, hidden, numbers)):
            layers += [symmetric(into, out, kernel, bias=False), LeakyReLU(SLOPE)]
        self.rows = Stack(*layers)
        self.out = Stack(Linear(numbers, numbers), LeakyReLU(SLOPE), BatchNorm(numbers))
        books = (Codebook(size, numbers // groups, True) for _ in range(groups))
        self.books = nn.ModuleList(books)  # type: ignore[assignment]

    def forward(self, z: Float[Tensor, "batch rows channels"]) -> Sides:
        """Return the codes of each recording as `voice`."""
        return {"voice": self._search(self.vector(z))}

    def vector(self, rows: Float[Tensor, "batch rows channels"]) -> Float[Tensor, "batch numbers"]:
        """Return the voice before it is quantized."""
        y: Tensor = self.out(self.rows(rows).mean(1, keepdim=True))
        return y[:, 0]

    def decode(self, codes: Int[Tensor, "batch groups"]) -> Float[Tensor, "batch numbers"]:
        """Return what codes stand for; TokenError for one that its codebook has not."""
        low, high = (int(end) for end in codes.aminmax())
        size = self.books[0].size
        if low < 0 or high >= size:
            raise TokenError(
                f"side voice has a code {low if low < 0 else high} but its codebooks have {size} "
                "entries"
            )
        return self._entries(codes.long())

    def learnt(self, middle: Float[Tensor, "batch rows channels"]) -> FoundVoice:
        """Quantize voices with gradient; those of the halves of a segment shall be the same."""
        with full_precision(middle.device.type):
            rows = middle.float()
            vector = self.vector(rows)
            codes = self._search(vector)
            chosen = self._entries(codes)
            half = (rows.shape[1] + 1) // 2
            first, second = (self.vector(part) for part in (rows[:, :half], rows[:, -half:]))
            alike = F.cosine_similarity(first, second.detach(), dim=1).mean()
            losses = {
                "commitment": F.mse_loss(vector, chosen.detach()),
                "codebook": F.mse_loss(chosen, vector.detach()),
                "consistency": 1 - alike,
            }
            return FoundVoice(codes, straight_through(vector, chosen.detach()), losses)

    def _search(self, vector: Tensor) -> Tensor:
        shares = zip(self.books, vector.chunk(len(self.books), 1), strict=True)
        return torch.stack([book.search(share) for book, share in shares], 1)

    def _entries(self, codes: Tensor) -> Tensor:
        pairs = zip(self.books, codes.unbind(1), strict=True)
        return torch.cat([F.embedding(own, book.entries) for book, own in pairs], 1)
