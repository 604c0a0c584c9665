"""Attention to rows on both sides, all of them or the near ones, with rotary positions."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State
from vocable.nn.linear import Linear
from vocable.nn.rotary import cos_and_sin, rotate, turns_per_row

SCORES = 1 << 24  # of queries against keys, that are held at once
TILE = 256  # rows that ask together, where they see near ones alone


class RotaryAttention(Block):
    """Each row attends to `back` rows before it, itself, and `ahead` rows after it; None: to all.

    Positions are rotary. bias: of queries, values and the output; keys have none. It runs whole
    only: `lookahead` is None. Rows ask in tiles, so that memory follows the rows, not their square;
    time does so, too, where both sides are bounded.
    """

    lookahead = None
    receptive = None
    owns_output = True
    pace: Tensor

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        back: int | None = None,
        ahead: int | None = None,
        base: float = 10_000.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if heads < 1 or channels % (2 * heads):
            raise ModelError(
                f"attention has {channels} channels in {heads} heads; each needs an even number"
            )
        if min(back or 0, ahead or 0) < 0:
            raise ModelError(f"rows see {back} back and {ahead} ahead; give 0 or more, or None")
        self.heads, self.back, self.ahead = heads, back, ahead
        self.query = Linear(channels, channels, bias=bias)
        self.key = Linear(channels, channels, bias=False)
        self.value = Linear(channels, channels, bias=bias)
        self.out = Linear(channels, channels, bias=bias)
        self.register_buffer("pace", turns_per_row(channels // heads, base), persistent=False)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Attend over the recording."""
        query, key, value = (
            each(x).unflatten(2, (self.heads, -1)) for each in (self.query, self.key, self.value)
        )
        turn = cos_and_sin(torch.arange(x.shape[1], device=x.device)[None], self.pace, x.dtype)
        query, key = rotate(query, *turn).transpose(1, 2), rotate(key, *turn).transpose(1, 2)
        value = value.transpose(1, 2)
        found = [
            F.scaled_dot_product_attention(
                query[:, :, asking], key[:, :, seen], value[:, :, seen], mask
            )
            for asking, seen, mask in self._tiles(x)
        ]
        mixed = torch.cat(found or [query], 2)
        y: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return y

    def _tiles(self, x: Tensor) -> Iterator[tuple[slice, slice, Tensor | None]]:
        """Yield rows that ask together, those that they see between them, and which sees which."""
        rows, back, ahead = x.shape[1], self.back, self.ahead
        size = max(1, SCORES // max(1, x.shape[0] * self.heads * rows))
        if back is not None and ahead is not None:
            size = TILE
        for start in range(0, rows, size):
            stop = min(start + size, rows)
            first = 0 if back is None else max(0, start - back)
            last = rows if ahead is None else min(rows, stop + ahead)
            yield slice(start, stop), slice(first, last), self._mask(x, start, stop, first, last)

    def _mask(self, x: Tensor, start: int, stop: int, first: int, last: int) -> Tensor | None:
        if self.back is None and self.ahead is None:
            return None
        asking = torch.arange(start, stop, device=x.device)[:, None]
        distance = torch.arange(first, last, device=x.device) - asking
        mask = torch.ones_like(distance, dtype=torch.bool)
        if self.back is not None:
            mask &= distance >= -self.back
        if self.ahead is not None:
            mask &= distance <= self.ahead
        return mask

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Refuse: rows that are still to come are attended to."""
        raise ModelError(
            "RotaryAttention attends to rows on both sides, so it has no steps; run the block whole"
        )
