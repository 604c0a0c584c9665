"""Rotary positions: pairs of channels turn by an angle that grows with the row's position.

"RoFormer: Enhanced Transformer with Rotary Position Embedding" (Su et al. 2021, arXiv 2104.09864).
Channel i of a head pairs with channel i + width / 2, as in transformers; checkpoints whose pairs
lie side by side (Kyutai's) are permuted by their key map.

Other implementations multiply position and frequency in fp32: after a million rows (11 hours at 25
rows/s) the angles are off by 0.04. Here angles are whole numbers of 2^-32 turns, so that they
wrap without rounding and only the distance of two rows matters, however late they come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vocable.nn.settings import ordinary_tensors

TURN = 1 << 32  # parts of a full turn
KEPT = 64  # rows of a chunk of tables
FEW = 16  # streams up to which their tables are kept: of many, each may be in another chunk


@dataclass(frozen=True)
class Llama3Scaling:
    """Slow turns made slower, so that a model reads further than it was trained (Llama 3.1).

    A pair that turns at least `high` times in `original` rows stays, one that turns `low` times at
    most turns `factor` times slower; between them both are mixed.
    """

    factor: float
    low: float = 1.0
    high: float = 4.0
    original: int = 8192  # rows

    def scaled(self, frequency: float) -> float:
        """Return the frequency, in radians a row, that takes the place of this one."""
        turns = frequency * self.original / math.tau
        kept = min(1.0, max(0.0, (turns - self.low) / (self.high - self.low)))
        return frequency * (kept + (1 - kept) / self.factor)


def turns_per_row(
    width: int, base: float, scaling: Llama3Scaling | None = None
) -> Int[Tensor, " pairs"]:
    """Return how far each pair of a head of `width` channels turns from row to row, in parts."""
    frequencies = [base ** (-2 * pair / width) for pair in range(width // 2)]  # radians a row
    if scaling is not None:
        frequencies = [scaling.scaled(frequency) for frequency in frequencies]
    return torch.tensor([round(f / math.tau * TURN) for f in frequencies], dtype=torch.int64)


def cos_and_sin(
    positions: Int[Tensor, "batch time"], pace: Int[Tensor, " pairs"], dtype: torch.dtype
) -> tuple[Float[Tensor, "batch time 1 pairs"], Float[Tensor, "batch time 1 pairs"]]:
    """Return the cosine and sine of each pair's angle, the same for all heads; at least in fp32."""
    parts = positions[:, :, None, None] * pace % TURN
    angles = parts.to(torch.promote_types(dtype, torch.float32)) * (math.tau / TURN)
    return angles.cos(), angles.sin()


def kept_cos_and_sin(
    ages: Sequence[int], time: int, width: int, base: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Return `cos_and_sin` of `time` rows behind so many, for each of a batch, on the CPU.

    Up to `KEPT` rows of `FEW` streams, from tables that all blocks and the next steps share.
    """
    if time > KEPT or len(ages) > FEW:
        positions = torch.tensor(ages)[:, None] + torch.arange(time)
        return cos_and_sin(positions, _pace(width, base), dtype)
    found = []
    for age in ages:
        tables = _tables(age // KEPT, width, base, dtype)
        found.append([table[:, age % KEPT :][:, :time] for table in tables])
    cos, sin = (each[0] if len(each) == 1 else torch.cat(each) for each in zip(*found, strict=True))
    return cos, sin


@lru_cache(maxsize=256)
def _tables(
    chunk: int, width: int, base: float, dtype: torch.dtype
) -> tuple[Float[Tensor, "1 rows 1 pairs"], Float[Tensor, "1 rows 1 pairs"]]:
    """Return `cos_and_sin` of the rows of a chunk and of the next one."""
    with ordinary_tensors():
        positions = chunk * KEPT + torch.arange(2 * KEPT)
        return cos_and_sin(positions[None], _pace(width, base), dtype)


@lru_cache(maxsize=16)
def _pace(width: int, base: float) -> Int[Tensor, " pairs"]:
    with ordinary_tensors():
        return turns_per_row(width, base)


def rotate(
    x: Float[Tensor, "#batch time heads width"],
    cos: Float[Tensor, "#batch time 1 pairs"],
    sin: Float[Tensor, "#batch time 1 pairs"],
) -> Float[Tensor, "#batch time heads width"]:
    """Turn each pair of channels by its angle."""
    first, second = x.chunk(2, -1)
    turned = torch.cat((first * cos - second * sin, second * cos + first * sin), -1)
    return turned.to(x.dtype)
