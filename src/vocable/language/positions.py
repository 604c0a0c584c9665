"""What positions do in a transformer: to its input, to queries and keys, or to scores."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.config import (
    Alibi,
    PositionsConfig,
    RelativeBias,
    Rotary,
    Sinusoidal,
    TransformerConfig,
)
from vocable.nn.rotary import cos_and_sin, turns_per_row

Turn = tuple[Tensor, Tensor]
"""Cosines and sines `[batch, time, 1, channels]`: the sines of a pair's first half are negative."""


KEPT, CHUNKS = 256, 16  # rows whose turns are made at once, and how often that is kept


class Positions(nn.Module):
    """Positions that do nothing; each kind does one thing of the three."""

    biases = False  # whether scores are changed

    def add(
        self, x: Float[Tensor, "batch time width"], at: Int[Tensor, "#batch time"]
    ) -> Float[Tensor, "batch time width"]:
        """Return the input with what positions add to it."""
        return x

    def turn(self, at: Int[Tensor, "#batch time"], dtype: torch.dtype) -> Turn | None:
        """Return by what `turned` turns queries and keys that stand there."""
        return None

    def turn_row(self, position: int, like: Tensor) -> Turn | None:
        """Return `turn` of one row that stands there, on the device of `like`, in its dtype."""
        return self.turn(torch.tensor([[position]], device=like.device), like.dtype)

    def bias(
        self, distance: Int[Tensor, "#batch time keys"]
    ) -> Float[Tensor, "#batch heads time keys"] | None:
        """Return what is added to scores of keys so far back; distances below 0 count as 0."""
        return None


class RotaryPositions(Positions):
    """Rotary positions: see `nn.rotary`."""

    pace: Tensor

    def __init__(self, config: Rotary, width: int) -> None:
        super().__init__()
        pace = turns_per_row(width, config.base, config.scaling)
        self.register_buffer("pace", pace, persistent=False)
        self._kept: dict[tuple[int, torch.dtype, torch.device], Turn] = {}

    def turn(self, at: Int[Tensor, "#batch time"], dtype: torch.dtype) -> Turn:
        """Return the cosines and sines of both halves."""
        cos, sin = cos_and_sin(at, self.pace, dtype)
        return torch.cat((cos, cos), -1), torch.cat((-sin, sin), -1)

    def turn_row(self, position: int, like: Tensor) -> Turn:
        """Return the turn of one row, of many that are made at once and kept."""
        chunk, row = divmod(position, KEPT)
        wanted = chunk, like.dtype, like.device
        if wanted not in self._kept:
            if len(self._kept) >= CHUNKS:
                self._kept.clear()
            at = torch.arange(chunk * KEPT, (chunk + 1) * KEPT, device=like.device)
            self._kept[wanted] = self.turn(at[None], like.dtype)
        cos, sin = self._kept[wanted]
        return cos[:, row : row + 1], sin[:, row : row + 1]


def turned(x: Float[Tensor, "batch time heads channels"], turn: Turn | None) -> Tensor:
    """Turn each pair of channels; a few operations less than `nn.rotary.rotate`."""
    if turn is None:
        return x
    cos, sin = turn
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin).to(x.dtype)


class AlibiPositions(Positions):
    """Scores fall by a slope of each head, `2^(-8 h / heads)` for head h of a power of two."""

    biases = True
    slopes: Tensor

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.register_buffer("slopes", torch.tensor(alibi_slopes(heads)), persistent=False)

    def bias(self, distance: Int[Tensor, "#batch time keys"]) -> Tensor:
        """Return minus slope times distance."""
        return -self.slopes[:, None, None] * distance[:, None].clamp(min=0)


def alibi_slopes(heads: int) -> list[float]:
    """Return each head's slope; past a power of two, every other one of the next is added."""
    most = 1 << (heads.bit_length() - 1)
    slopes = [2 ** (-8 * (head + 1) / most) for head in range(most)]
    return slopes + [2 ** (-4 * (2 * head + 1) / most) for head in range(heads - most)]


class RelativePositions(Positions):
    """A learned number for each head and bucket of distances."""

    biases = True

    def __init__(self, config: RelativeBias, heads: int) -> None:
        super().__init__()
        self.config = config
        self.table = nn.Embedding(config.buckets, heads)

    def bias(self, distance: Int[Tensor, "#batch time keys"]) -> Tensor:
        """Return the number of each distance's bucket."""
        found: Tensor = self.table(distance_buckets(distance.clamp(min=0), self.config))
        return found.movedim(-1, 1)


def distance_buckets(distance: Int[Tensor, "..."], config: RelativeBias) -> Int[Tensor, "..."]:
    """Return the bucket of each distance, as T5's decoder does."""
    exact = config.buckets // 2
    scale = (config.buckets - exact) / math.log(config.distance / exact)
    far = (distance.clamp(min=exact).float() / exact).log() * scale
    far = (exact + far.long()).clamp(max=config.buckets - 1)
    return torch.where(distance < exact, distance, far)


class SinusoidalPositions(Positions):
    """Waves added to the input, the slowest with a period of `base` radians."""

    def __init__(self, config: Sinusoidal, width: int) -> None:
        super().__init__()
        if width % 2 or width < 4:
            raise ModelError(f"sinusoidal positions need an even width from 4 on, not {width}")
        half = width // 2
        pace = torch.arange(half) * (-math.log(config.base) / (half - 1))
        self.register_buffer("pace", pace.exp(), persistent=False)

    pace: Tensor

    def add(
        self, x: Float[Tensor, "batch time width"], at: Int[Tensor, "#batch time"]
    ) -> Float[Tensor, "batch time width"]:
        """Add the waves."""
        angles = at[:, :, None] * self.pace
        return x + torch.cat((angles.cos(), angles.sin()), -1).to(x.dtype)


def make_positions(config: TransformerConfig) -> Positions:
    """Return what the config asks for."""
    kind: PositionsConfig = config.positions
    if isinstance(kind, Rotary):
        return RotaryPositions(kind, config.channels)
    if isinstance(kind, Alibi):
        return AlibiPositions(config.heads)
    if isinstance(kind, RelativeBias):
        return RelativePositions(kind, config.heads)
    if isinstance(kind, Sinusoidal):
        return SinusoidalPositions(kind, config.width)
    return Positions()
