"""Step the members of a stack over long input in tiles that stay in the cache.

Where an activation is large, every pass over it costs more than its arithmetic: it falls out of the
cache, and the system maps fresh memory for it. So members with large activations take their input
piece by piece, as a stream does. Where the rate rises, pieces are cut again; where it falls, the
members with few rows get all of them at once, since each call reads all of their weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from vocable.nn.settings import declares, fast_forms

VALUES = 1 << 19  # of the largest activation in a tile: 2 MiB
FEWEST = 192  # output rows of a member in a tile that pay for reading its weights


@runtime_checkable
class Member(Protocol):
    """What is asked of a block here."""

    ratio: Fraction
    channels_out: int | None

    @property
    def step_in(self) -> int:
        """Rows of which `step` takes a multiple."""
        ...

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the rows that are ready, and the next state."""
        ...


def step_in_tiles(
    members: Sequence[Member], x: Tensor, states: Sequence[Any]
) -> tuple[Tensor, list[Any]]:
    """Pass `x` [batch, time, channels] through the members; return the output and their states."""
    after, at = list(states), 0
    while at < len(members):
        run, rows = _tiles(members[at:], x)
        if not run:
            x, at = step_next(members, at, x, after)
            continue
        some, end = members[at : at + run], at + run
        pieces = []
        for tile in torch.split(x, rows, 1):
            y, after[at:end] = step_in_tiles(some, tile, after[at:end])
            pieces.append(y)
        x = torch.cat([piece for piece in pieces if piece.shape[1]] or pieces[:1], 1)
        at = end
    return x, after


def step_next(
    members: Sequence[Member], at: int, x: Tensor, states: list[Any]
) -> tuple[Tensor, int]:
    """Step member `at`, renewing its state; return the output and which member comes next.

    An activation writes its values to where the convolution after it wants them: one pass over
    them is saved.
    """
    member = members[at]
    if at + 1 < len(members) and declares(member, "pointwise") and fast_forms():
        after: Any = members[at + 1]
        if declares(after, "copies_rows"):
            y, states[at + 1] = after.step_after(member, x, states[at + 1])
            return y, at + 2
    y, states[at] = member.step(x, states[at])
    return y, at + 1


def _tiles(members: Sequence[Member], x: Tensor) -> tuple[int, int]:
    """Return how many of the first members take `x` in tiles (0: none), and the rows of a tile."""
    batch, time, width = x.shape
    ratio, stride, run, rows = Fraction(1), 1, 0, 0
    for member in members:
        before, ratio = ratio, ratio * member.ratio
        width_out = member.channels_out or width
        values = batch * time * max(float(before) * width, float(ratio) * width_out)
        rows = rows or int(time * VALUES / max(values, 1))
        if values < 2 * VALUES or batch * rows * ratio < FEWEST:
            break
        stride = math.lcm(stride, (member.step_in / before).numerator)
        width, run = width_out, run + 1
    rows = max(stride, rows // stride * stride)
    return (run, rows) if rows < time else (0, 0)
