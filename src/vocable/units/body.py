"""The transformer of wav2vec 2.0, HuBERT and WavLM: every frame sees every frame.

    post-LN (base)     x + positions → norm;     a = norm1(x + attention(x)); norm2(a + hidden(a))
    pre-LN (large)     x + positions;   a = x + attention(norm1(x)); a + hidden(norm2(a))

Layer L is what block L gives, 1 to N, and 0 what block 1 gets. A pre-LN model has one norm more,
behind its last block, which no layer has: `final_norm` asks for it by name.

Rows of several recordings go through together, `[1, all rows, channels]` with their lengths: what
maps each row by itself takes all at once, positions and attention each recording alone. So nothing
is padded, and a batch computes what its items alone would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn import LayerNorm, Linear
from vocable.nn.activation import GELU
from vocable.nn.settings import fast_forms
from vocable.units.positions import PositionalConv

MANY = 2048  # rows that go through a hidden layer at once
Rows = Float[Tensor, "1 rows channels"]
BatchOfRows = Float[Tensor, "batch rows channels"]
Heads = Float[Tensor, "batch heads rows width"]


class Attention(nn.Module):
    """All rows of a recording attend to one another; queries, keys and values are one map."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.into = Linear(channels, 3 * channels)
        self.out = Linear(channels, channels)

    def forward(self, x: Rows, lengths: Sequence[int]) -> Rows:
        """Attend within each recording."""
        parts = torch.split(self.into(x), list(lengths), 1)
        found = [F.scaled_dot_product_attention(*self.apart(part)) for part in parts]
        return self.joined(found)

    def apart(self, three: Float[Tensor, "batch rows three"]) -> tuple[Heads, Heads, Heads]:
        """Return queries, keys and values, by heads."""
        apart = three.reshape(*three.shape[:2], 3, self.heads, -1)
        query, key, value = apart.permute(2, 0, 3, 1, 4)
        return query, key, value

    def joined(self, found: Sequence[Tensor]) -> BatchOfRows:
        """Return rows of what the heads give in each recording, `[batch, heads, rows, width]`."""
        y: Tensor = self.out(torch.cat([each.transpose(1, 2).flatten(2) for each in found], 1))
        return y


class TransformerBlock(nn.Module):
    """Attention and a hidden layer, each with its skip and its norm."""

    def __init__(
        self,
        channels: int,
        heads: int,
        hidden: int,
        *,
        pre_norm: bool,
        attention: Attention | None = None,
    ) -> None:
        super().__init__()
        self.pre_norm = pre_norm
        self.attention = attention or Attention(channels, heads)
        self.norm1, self.norm2 = LayerNorm(channels), LayerNorm(channels)
        self.up, self.down = Linear(channels, hidden), Linear(hidden, channels)
        self.gelu = GELU()

    def forward(self, x: Rows, lengths: Sequence[int], *more: Any) -> Rows:
        """Return the block's output; `more` is for its attention."""
        if self.pre_norm:
            x = added(x, self.attention(self.norm1(x), lengths, *more))
            return added(x, self.feed(self.norm2(x)))
        x = self.norm1(added(x, self.attention(x, lengths, *more)))
        y: Tensor = self.norm2(added(x, self.feed(x)))
        return y

    def feed(self, x: BatchOfRows) -> BatchOfRows:
        """Return what the hidden layer gives, so many rows at a time: they stay in the cache."""
        alike = x.chunk(-(-x.shape[1] // MANY), 1)
        parts = [self.down(self.gelu(self.up(part))) for part in alike]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


class Body(nn.Module):
    """Positions, then blocks up to the layer that is asked for."""

    def __init__(
        self, blocks: Sequence[nn.Module], channels: int, positions: PositionalConv, pre_norm: bool
    ) -> None:
        super().__init__()
        self.positions, self.pre_norm = positions, pre_norm
        self.norm = LayerNorm(channels)  # before the blocks, or behind them
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Rows, lengths: Sequence[int], layer: int, final_norm: bool) -> Rows:
        """Return what block `layer` gives."""
        x = next(islice(self.layers(x, lengths), layer, None))
        return self.norm(x) if final_norm else x

    def layers(self, x: Rows, lengths: Sequence[int]) -> Iterator[Rows]:
        """Yield what block 1 gets, then what each block gives, as it is asked for."""
        x = torch.cat([self.positions(part) for part in torch.split(x, list(lengths), 1)], 1)
        if not self.pre_norm:
            x = self.norm(x)
        yield x
        more = self.more(lengths)
        for block in self.blocks:
            x = block(x, lengths, *more)
            yield x

    def more(self, lengths: Sequence[int]) -> list[Any]:
        """Return what attention gets beside rows, for recordings of these lengths."""
        return []


def added(x: Tensor, y: Tensor) -> Tensor:
    """Return `x + y`, in the memory of `y` where nobody else has it."""
    return y.add_(x) if fast_forms() else x + y
