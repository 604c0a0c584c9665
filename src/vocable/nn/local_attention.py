"""Self-attention inside windows that do not overlap: rows see their own window, and no other."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.attention import MOST_ROWS
from vocable.nn.block import Block, State, join
from vocable.nn.rotary import cos_and_sin, rotate, turns_per_row


class LocalAttention(Block):
    """Let the rows of each window of `window` rows attend to each other, in heads of `head`
    channels with rotary positions that count from 0 in each window. No biases.

    Windows lie at absolute positions, so a step of any number of rows gives the windows that are
    complete; rows that fill none at the end are left out.
    """

    pace: Tensor

    def __init__(self, channels: int, *, window: int, head: int = 64) -> None:
        super().__init__()
        if channels % head or head % 2 or window < 1:
            raise ModelError(
                f"local attention needs channels a multiple of an even head, and a window of 1 row "
                f"or more, but has {channels} channels, head {head}, window {window}"
            )
        if window > MOST_ROWS:
            raise ModelError(f"window is {window} rows; attention sees at most {MOST_ROWS}")
        self.window, self.head = window, head
        self.qkv = nn.Linear(channels, 3 * channels, bias=False)
        self.out = nn.Linear(channels, channels, bias=False)
        self.register_buffer("pace", turns_per_row(head, 10_000.0), persistent=False)
        self.stride_in, self.receptive = window, window

    @property
    def step_in(self) -> int:
        """Any rows: those of a window that has begun wait."""
        return 1

    def reach(self, rows: int) -> int | None:
        """Return the rows of the windows that so many rows may touch."""
        return self.window * (1 + -(-(rows - 1) // self.window))

    def initial_state(self, batch: int) -> State:
        """Return the rows of a window that has begun: none yet."""
        return self.zeros(batch, 0, 0)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels"], State]:
        """Attend in the windows that are complete; the other rows wait."""
        rows = join(state, x) if x.shape[1] else state
        ready = rows.shape[1] - rows.shape[1] % self.window
        if not ready:
            return x.new_zeros(x.shape[0], 0, x.shape[2]), rows
        # cloned, so that the state does not keep the whole input alive
        waiting = (
            rows[:, ready:].clone()
            if ready < rows.shape[1]
            else rows.new_zeros(rows.shape[0], 0, 0)
        )
        return self._attend(rows[:, :ready]), waiting

    def _attend(self, rows: Tensor) -> Tensor:
        windows = rows.reshape(-1, self.window, rows.shape[2])
        heads = self.qkv(windows).unflatten(2, (3, -1, self.head))
        query, key, value = heads.unbind(2)  # [batch · windows, window, heads, head]
        positions = torch.arange(self.window, device=rows.device)[None]
        turn = cos_and_sin(positions, self.pace, rows.dtype)
        query, key = rotate(query, *turn), rotate(key, *turn)
        query, key, value = (x.transpose(1, 2) for x in (query, key, value))
        mixed = F.scaled_dot_product_attention(query, key, value)
        y: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return y.reshape(rows.shape)
