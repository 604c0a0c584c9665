"""WavLM: HuBERT's network with a bias on how far rows lie apart, which each row gates.

"WavLM: Large-Scale Self-Supervised Pre-Training for Full Stack Speech Processing" (Chen et al.
2021, arXiv:2110.13900). Sizes, extractor and norms are those of wav2vec2.py: base and base+ like
HuBERT base, large like HuBERT large, on a normalised recording.

The score of query q and key k in head h gets `gate(q, h) · offsets[bucket(k - q), h]` more.
One table of offsets serves all blocks. Half of its buckets are for keys behind the query; of each
half the first half is one for each distance, the others grow with its logarithm. The gate comes
from what attention receives: 64 channels a head to 2 × 4, summed, `a (b s - 1) + 2` of their
sigmoids, with a learned s a head. (BEATs, and a fallback in WavLM's own code, take the query
instead: other features.)

Values of the last blocks of the large model reach 1e4 and far beyond (microsoft/unilm#1426).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.nn import Linear
from vocable.units.body import Attention, Body, Rows, TransformerBlock
from vocable.units.wav2vec2 import Wav2Vec2, Wav2Vec2Config, positions_of

TILE = 256  # rows that ask together: their biases are all that is held
Offsets = Float[Tensor, "heads _"]  # from -(rows - 1) to rows - 1


@dataclass(frozen=True)
class WavLMConfig(Wav2Vec2Config):
    """Sizes of a WavLM, by default the base ones."""

    buckets: int = 320  # of offsets, for both directions together
    furthest: int = 800  # frames, from which on all offsets are one


class GatedAttention(Attention):
    """Attention with a bias on offsets, which each row gates."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__(channels, heads)
        self.gate = Linear(channels // heads, 8)
        self.gate_scale = nn.Parameter(torch.ones(heads))

    def forward(self, x: Rows, lengths: Sequence[int], *biases: Offsets) -> Rows:
        """Attend within each recording; one set of biases each."""
        gates = torch.split(self.gates(x), list(lengths), 1)
        parts = torch.split(self.into(x), list(lengths), 1)
        return self.joined([
            self._attend(*self.apart(part), gate, bias)
            for part, gate, bias in zip(parts, gates, biases, strict=True)
        ])  # fmt: skip

    def gates(self, x: Rows) -> Float[Tensor, "heads rows 1"]:
        """Return what each row multiplies its biases by."""
        apart = x.reshape(-1, self.heads, x.shape[2] // self.heads)
        a, b = self.gate(apart).reshape(*apart.shape[:2], 2, 4).sum(3).sigmoid().unbind(2)
        gates: Tensor = (a * (b * self.gate_scale - 1) + 2).T[..., None]
        return gates

    def _attend(
        self, query: Tensor, key: Tensor, value: Tensor, gate: Tensor, bias: Offsets
    ) -> Float[Tensor, "1 heads rows width"]:
        """Let rows ask in tiles, each from its last row to its first: so their biases are windows
        of the offsets as they lie."""
        rows, found = query.shape[2], []
        windows = bias.unfold(1, rows, 1)  # row i: the biases of query rows - 1 - i
        for start in range(0, rows, TILE):
            stop = min(start + TILE, rows)
            own = windows[:, rows - stop : rows - start] * gate[:, start:stop].flip(1)
            asking = query[:, :, start:stop].flip(2)
            found.append(F.scaled_dot_product_attention(asking, key, value, own[None]).flip(2))
        return torch.cat(found, 2)


class WavLMBody(Body):
    """Blocks that share one table of offsets, `[buckets, heads]`."""

    def __init__(self, config: WavLMConfig) -> None:
        blocks = [
            TransformerBlock(
                config.width, config.heads, config.hidden, pre_norm=config.pre_norm,
                attention=GatedAttention(config.width, config.heads),
            )
            for _ in range(config.blocks)
        ]  # fmt: skip
        super().__init__(blocks, config.width, positions_of(config), config.pre_norm)
        self.furthest = config.furthest
        self.offsets = nn.Parameter(torch.zeros(config.buckets, config.heads))

    def more(self, lengths: Sequence[int]) -> list[Offsets]:
        """Return the biases; recordings of one length share theirs."""
        of_length = {rows: self._biases(rows) for rows in set(lengths)}
        return [of_length[rows] for rows in lengths]

    def _biases(self, rows: int) -> Offsets:
        distance = torch.arange(1 - rows, rows, device=self.offsets.device)
        return self.offsets[buckets(distance, len(self.offsets), self.furthest)].T.contiguous()


class WavLM(Wav2Vec2):
    """wav2vec 2.0's parts around the blocks above."""

    name = "wavlm"

    def make_body(self, config: Wav2Vec2Config) -> Body:
        """Return the blocks and what is around them."""
        assert isinstance(config, WavLMConfig)
        return WavLMBody(config)


def buckets(distance: Int[Tensor, "*n"], count: int, furthest: int) -> Int[Tensor, "*n"]:
    """Return the bucket of each distance `key - query`; logarithms in fp32, as published."""
    half, exact = count // 2, count // 4
    size = distance.abs()
    logarithm = torch.log(size.clamp(min=1).float() / exact) / math.log(furthest / exact)
    far = (exact + logarithm * (half - exact)).long().clamp(max=half - 1)
    return torch.where(size < exact, size, far) + half * (distance > 0)
