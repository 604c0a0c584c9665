"""WavLM in steps: causal convolutions, and attention to the past and to the end of the own chunk.

As FocalCodec-Stream has it (Della Libera et al. 2025, arXiv:2509.16195). Its parts are those of
wavlm.py with other edges: before the recording lies its first row, in every convolution; an output
sees no sample behind the first of its stride. Rows of a chunk see each other, and the rows before
it, `window` in all.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn import GELU, Block, FirstRowConv1d, LayerNorm, Linear, Residual, Stack, State
from vocable.nn.attention import MOST_ROWS
from vocable.nn.chunks import Chunks
from vocable.units.body import TransformerBlock
from vocable.units.wavlm import GatedAttention, WavLMConfig, buckets

TILE = 64  # rows that ask together, about


def wavlm_in_chunks(config: WavLMConfig, *, window: int, chunk: int) -> Stack:
    """Return `[B, T, 1] -> [B, T / 320, width]`, what the last block gives.

    Of the config's extractors that is the one that norms each row, and norms come first.
    """
    c, layers, channels = config, list[Block](), 1
    if not (c.pre_norm and c.extractor == "layer") or c.normalize or c.filter_bias:
        raise ModelError(
            "in chunks, WavLM has the form of the large one and takes recordings as they are"
        )
    for kernel, stride in zip(c.kernels, c.strides, strict=True):
        conv = FirstRowConv1d(
            channels, c.filters, kernel, stride=stride, past=kernel - 1, bias=False
        )
        layers += [conv, LayerNorm(c.filters), GELU()]
        channels = c.filters
    positions = FirstRowConv1d(c.width, c.width, c.position_kernel, groups=c.position_groups)
    return Stack(
        Stack(*layers),
        LayerNorm(c.filters),
        Linear(c.filters, c.width),
        Residual(Stack(positions, GELU())),
        ChunkBlocks(c, window=window, chunk=chunk),
    )


class ChunkBlocks(Chunks):
    """WavLM's blocks, with one table of offsets, `[buckets, heads]`, on rows in chunks."""

    def __init__(self, config: WavLMConfig, *, window: int, chunk: int) -> None:
        super().__init__(chunk)
        c = config
        if not chunk <= window <= MOST_ROWS:
            raise ModelError(
                f"attention sees {window} rows; it takes a chunk of {chunk} to {MOST_ROWS} rows"
            )
        self.past, self.heads, self.furthest = window - chunk, c.heads, c.furthest
        self.blocks = nn.ModuleList(
            TransformerBlock(
                c.width, c.heads, c.hidden, pre_norm=True,
                attention=GatedAttention(c.width, c.heads),
            )
            for _ in range(c.blocks)
        )  # fmt: skip
        self.offsets = nn.Parameter(torch.zeros(c.buckets, c.heads))
        self.channels_out = c.width
        self.receptive = chunk + c.blocks * self.past

    def start_chunks(self, batch: int) -> State:
        """Return the keys and values of each block's past, and how many rows have come.

        They have one shape from the start on; of the rows, those that never came are not seen.
        """
        past = self.zeros(batch, self.heads, self.past, 2 * (self.channels_out or 0) // self.heads)
        age = torch.zeros(batch, 1, dtype=torch.int64, device=past.device)
        return tuple(past.clone() for _ in self.blocks), age

    def run(
        self, rows: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Pass rows through the blocks."""
        kept, age = state
        after = []
        sight = _Sight(self, rows.shape[1], age)
        for block, past in zip(self._blocks(), kept, strict=True):
            attention = cast("GatedAttention", block.attention)
            found, past = _attended(attention, block.norm1(rows), past, sight)
            rows = rows + found
            rows = rows + block.feed(block.norm2(rows))
            after.append(past)
        return rows, (tuple(after), age + rows.shape[1])

    def _blocks(self) -> list[TransformerBlock]:
        return cast("list[TransformerBlock]", list(self.blocks))


class _Sight:
    """Which rows the rows of a tile see, and what their scores get more by distance."""

    def __init__(self, owner: ChunkBlocks, rows: int, age: Tensor) -> None:
        chunk, past, offsets = owner.chunk, owner.past, owner.offsets
        self.past, self.rows, self.age = past, rows, age
        self.tile = max(1, TILE // chunk) * chunk
        most = min(self.tile, rows)
        asking = torch.arange(most, device=offsets.device)[:, None]
        seen = torch.arange(past + most, device=offsets.device)
        start = asking // chunk * chunk
        self.sees: Bool[Tensor, "asking seen"] = (seen >= start) & (seen < start + chunk + past)
        table = offsets[buckets(seen - past - asking, len(offsets), owner.furthest)]
        self.bias: Float[Tensor, "heads asking seen"] = table.permute(2, 0, 1)

    def of(self, first: int, gates: Tensor) -> tuple[slice, Tensor]:
        """Return what the rows from `first` on see of past and new rows, and their scores' more.

        gates: `[batch, heads, rows, 1]` of the rows that ask.
        """
        asking = gates.shape[2]
        seen = slice(first, first + self.past + asking)
        came = torch.arange(seen.start, seen.stop, device=gates.device) >= self.past - self.age
        more = gates * self.bias[:, :asking, : self.past + asking]
        sees = self.sees[:asking, : self.past + asking] & came[:, None]
        return seen, more.masked_fill(~sees[:, None], -torch.inf)


def _attended(
    attention: GatedAttention, x: Tensor, past: Tensor, sight: _Sight
) -> tuple[Tensor, Tensor]:
    """Return what attention gives rows, and the keys and values that the next ones see."""
    query, key, value = attention.apart(attention.into(x))
    flat = attention.gates(x.reshape(1, -1, x.shape[2]))
    gates = flat.reshape(-1, *x.shape[:2], 1).transpose(0, 1)
    # a row that is NaN gives NaN by its query; as a key it would do so to rows that do not see it
    new = torch.cat((key, value), 3).nan_to_num(0.0, 0.0, 0.0)
    rows = torch.cat((past, new), 2)
    keys, values = rows.chunk(2, 3)
    found = []
    for first in range(0, sight.rows, sight.tile):
        asking = slice(first, first + sight.tile)
        seen, more = sight.of(first, gates[:, :, asking])
        found.append(
            F.scaled_dot_product_attention(
                query[:, :, asking], keys[:, :, seen], values[:, :, seen], more
            )
        )
    y = attention.joined([torch.cat(found, 2)])
    return y, rows[:, :, rows.shape[2] - sight.past :].clone()
