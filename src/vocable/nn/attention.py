"""Causal self-attention over a window of the last rows, whole or in steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn.block import Block, State
from vocable.nn.linear import Linear
from vocable.nn.rotary import cos_and_sin, kept_cos_and_sin, rotate, turns_per_row
from vocable.nn.settings import fast_forms, ordinary_tensors, unknown

MOST_ROWS = 16_384  # that a config may let each other see: the memory of a stream
TILE = 64  # rows that ask together: the fastest for windows of 250, 512 channels


class Attention(Block):
    """Each row attends to itself and the `context - 1` rows before it; positions are rotary.

    "Attention Is All You Need" (Vaswani et al. 2017, arXiv:1706.03762), without biases. Queries,
    keys and values are one map, `into`, in this order. Memory grows with the rows, not with their
    square: rows ask in tiles that see no more than the context before them.
    width: channels of a head; default: the heads share `channels` out.
    """

    pace: Tensor
    band: Tensor

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        context: int,
        base: float = 10_000.0,
        width: int | None = None,
    ) -> None:
        super().__init__()
        inner = channels if width is None else heads * width
        if inner % (2 * heads):
            raise ModelError(
                f"attention has {inner} channels in {heads} heads; each needs an even number"
            )
        if context < 1:
            raise ModelError(f"context must be at least 1 row but is {context}")
        if context > MOST_ROWS:
            raise ModelError(f"context is {context} rows; attention sees at most {MOST_ROWS}")
        self.inner, self.heads, self.context = inner, heads, context
        self.width, self.base = inner // heads, base
        self.into = Linear(channels, 3 * inner, bias=False)
        self.out = Linear(inner, channels, bias=False)
        self._keep_places()
        self.receptive = context

    def _keep_places(self) -> None:
        """Hold what places rows against each other: how fast they turn, and which see which."""
        self.register_buffer("pace", turns_per_row(self.width, self.base), persistent=False)
        self.register_buffer("band", torch.tensor(looks_back(self.context)[1]), persistent=False)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Attend over the whole: as a step from the start, without the empty rows before it."""
        query, key, value = self._project(x, self._no_age(x.shape[0]))
        return self._attend(query, _finite(key), _finite(value), None)

    def initial_state(self, batch: int) -> State:
        """Return keys and values of the last `context - 1` rows, and how many rows have come.

        They are one tensor, `[batch, context - 1, 2 · heads · width]`, from the start on, so that
        streams of any age stack; of the rows, those that never came are not seen.
        """
        return self.zeros(batch, self.context - 1, 2 * self.inner), self._no_age(batch)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Attend to the rows kept and the new ones; the last are kept."""
        if not x.shape[1]:
            return x, state
        kept, age = state
        here = fast_forms() and age.device.type == "cpu" and len(age)
        ages = age.flatten().tolist() if here else None
        query, key, value = self._project(x, age, ages)
        new = _finite(torch.cat((key, value), 2))
        # ordinary tensors even in inference mode: a session would copy these states once more
        with ordinary_tensors() if fast_forms() else nullcontext():
            rows = torch.cat((kept, new), 1)
        keys, values = rows.chunk(2, 2)
        all_came = ages is not None and min(ages) >= self.context - 1
        y = self._attend(query, keys, values, None if all_came else age)
        return y, (self._last(rows), age + x.shape[1])

    def _project(
        self, x: Tensor, age: Int[Tensor, "batch 1"], ages: list[int] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values as rows; queries and keys turned to their positions."""
        both, value = self.into.forward(x).tensor_split((2 * self.inner,), -1)
        if ages is None:
            positions = age + torch.arange(x.shape[1], device=x.device)
            turn = cos_and_sin(positions, self.pace, x.dtype)
        else:
            turn = kept_cos_and_sin(ages, x.shape[1], self.width, self.base, x.dtype)
        query, key = rotate(self._heads(both), *turn).flatten(2).chunk(2, -1)
        return query, key, value

    def _attend(
        self, query: Tensor, keys: Tensor, values: Tensor, age: Tensor | None
    ) -> Float[Tensor, "batch time channels"]:
        """Let the last rows of `keys` ask all that they see; `age`: None where all have come."""
        if unknown(query.shape[1]):
            return self._attend_in_blocks(query, keys, values)
        found = []
        for asking, seen, mask in self._tiles(query.shape[1], keys.shape[1]):
            if age is not None and seen.start < keys.shape[1] - query.shape[1]:
                came = keys.shape[1] - query.shape[1] - age  # the first row that has, [batch, 1]
                slots = torch.arange(seen.start, seen.stop, device=query.device)
                mask = self._without(mask, (slots >= came)[:, None, None])
            y = F.scaled_dot_product_attention(
                self._heads(query[:, asking]).transpose(1, 2),
                self._heads(keys[:, seen]).transpose(1, 2),
                self._heads(values[:, seen]).transpose(1, 2),
                mask,
            )
            found.append(y.transpose(1, 2).flatten(2))
        return self.out.forward(found[0] if len(found) == 1 else torch.cat(found or [query], 1))

    def _attend_in_blocks(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend as in the whole, for a graph: how many tiles there are is not known then.

        Rows ask in blocks of `context` rows, which see the block before them and their own.
        """
        rows, size = query.shape[1], self.context
        count = (rows + size - 1) // size
        query, keys, values = (
            F.pad(x, (0, 0, 0, count * size - rows))
            .reshape(x.shape[0], count, size, self.heads, self.width)
            .transpose(2, 3)
            for x in (query, keys, values)
        )
        keys, values = (torch.cat((_block_before(x), x), 3) for x in (keys, values))
        slots = torch.arange(2 * size, device=query.device)
        distance = slots[size:, None] - slots
        begun = torch.arange(count, device=query.device)[:, None, None, None] > 0
        mask = (distance >= 0) & (distance < size) & (begun | (slots >= size))
        scores = self._at(query @ keys.transpose(3, 4) * self.width**-0.5, distance)
        found = scores.masked_fill(~mask, -torch.inf).softmax(4) @ values
        found = found.transpose(2, 3).flatten(3).flatten(1, 2)[:, :rows]
        return self.out.forward(found)

    def _tiles(self, asking: int, rows: int) -> Iterator[tuple[slice, slice, Tensor]]:
        """Cut the last `asking` of `rows`: which of them ask, which rows they see, and the mask."""
        past = rows - asking
        for start in range(0, asking, TILE):
            stop = min(start + TILE, asking)
            first = past + start - self.context + 1  # that the tile's first row sees
            seen = slice(max(0, first), past + stop)
            mask = self.band[..., : stop - start, seen.start - first : seen.stop - first]
            yield slice(start, stop), seen, mask

    def _without(self, mask: Tensor, came: Tensor) -> Tensor:
        """Return a mask in which rows that never came are not seen."""
        return mask & came

    def _at(self, scores: Tensor, distance: Tensor) -> Tensor:
        """Return scores with what they owe to how far apart rows are: here nothing."""
        return scores

    def _heads(self, rows: Tensor) -> Float[Tensor, "batch time heads width"]:
        return rows.reshape(*rows.shape[:2], rows.shape[2] // self.width, self.width)

    def _last(self, rows: Tensor) -> Tensor:
        """Return the rows that the next step needs: a view of few more, or a copy out of many."""
        kept = rows[:, rows.shape[1] - self.context + 1 :]
        return kept if rows.shape[1] < 2 * self.context else kept.clone()

    def _no_age(self, batch: int) -> Int[Tensor, "batch 1"]:
        return torch.zeros(batch, 1, dtype=torch.int64, device=self.band.device)


def looks_back(context: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far back each row of a tile looks for those that any of it sees, and if it does.

    By numpy: on the meta device, arithmetic of torch loads a second of it.
    """
    distance = np.arange(TILE)[:, None] - np.arange(TILE + context - 1) + context - 1
    return distance, (distance >= 0) & (distance < context)


def _block_before(blocks: Tensor) -> Tensor:
    return torch.cat((torch.zeros_like(blocks[:, :1]), blocks[:, :-1]), 1)


def _finite(rows: Tensor) -> Tensor:
    """Return rows with 0 for NaN: 0 times NaN would take what is masked to the rows before it.

    A row that is NaN still gives NaN itself: by its query.
    """
    return rows.nan_to_num(0.0, 0.0, 0.0)
