"""Attention in square windows of a grid of rows and bands, every other block's moved by half.

"Swin Transformer: Hierarchical Vision Transformer using Shifted Windows" (Liu et al. 2021,
arXiv:2103.14030), for spectra: a row of the grid is a time, and holds its bands one by one.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.block import Block, State


class SwinBlock(Block):
    """Norm, attention in windows, skip; norm, MLP, skip, on rows of `bands` times `channels`.

    window: rows and bands of a window, which attend to each other by content and by how far apart
    they are. shift: rows and bands by which windows lie further on; those cut by an edge are
    narrower. Where windows reach past the last row or band, there are rows of zeros, as published.
    What a window reaches past depends on where the recording ends, so it runs whole only:
    `lookahead` is None.
    """

    lookahead = None
    receptive = None

    def __init__(
        self, channels: int, heads: int, *, bands: int, window: int, shift: int, hidden: int
    ) -> None:
        super().__init__()
        if heads < 1 or channels % heads or not 0 <= shift < window:
            raise ModelError(
                f"{channels} channels in {heads} heads, windows of {window} moved by {shift}: "
                "heads part the channels evenly, and windows move by less than they hold"
            )
        self.bands, self.channels, self.heads = bands, channels, heads
        self.window, self.shift = window, shift
        self.norm, self.mlp_norm = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv, self.out = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.apart = nn.Parameter(0.02 * torch.randn((2 * window - 1) ** 2, heads))
        self.mlp = nn.Sequential(
            nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, channels)
        )

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Attend in windows, then map each band of each row."""
        grid = x.reshape(*x.shape[:2], self.bands, self.channels)
        grid = grid + self._attended(self.norm(grid))
        y: Tensor = grid + self.mlp(self.mlp_norm(grid))
        return y.flatten(2)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time channels"], State]:
        """Refuse: the last windows are known when the recording ends."""
        raise ModelError("SwinBlock pads its last windows, so it has no steps; run the block whole")

    def _attended(self, grid: Tensor) -> Tensor:
        """Return what attention adds to `[batch, rows, bands, channels]`."""
        rows, bands = grid.shape[1:3]
        grid = F.pad(grid, (0, 0, 0, -bands % self.window, 0, -rows % self.window))
        moved = grid.roll((-self.shift, -self.shift), (1, 2))
        heads = self.qkv(self._windows(moved)).unflatten(-1, (3, self.heads, -1))
        query, key, value = heads.permute(3, 0, 1, 4, 2, 5)
        bias = self._bias(grid.shape[1], grid.shape[2], grid.device).to(query.dtype)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        y: Tensor = self.out(mixed.transpose(2, 3).flatten(3))  # [batch, windows, places, channels]
        y = y.reshape(
            len(y), -1, grid.shape[2] // self.window, self.window, self.window, y.shape[3]
        )
        y = y.transpose(2, 3).reshape(grid.shape)
        return y.roll((self.shift, self.shift), (1, 2))[:, :rows, :bands]

    def _windows(self, grid: Tensor) -> Tensor:
        """Cut `[batch, rows, bands, ...]` into `[batch, windows, places, ...]`, row by row."""
        side, (batch, rows, bands) = self.window, grid.shape[:3]
        apart = grid.reshape(batch, rows // side, side, bands // side, side, *grid.shape[3:])
        return apart.transpose(2, 3).flatten(3, 4).flatten(1, 2)

    def _bias(self, rows: int, bands: int, device: torch.device) -> Tensor:
        """Return what attention adds to scores: by distance; none across an edge of the grid."""
        bias = self.apart[distances(self.window, device)].permute(2, 0, 1)
        if not self.shift:
            return bias
        past_row, past_band = (
            torch.arange(count, device=device) >= count - self.shift for count in (rows, bands)
        )
        side = self._windows((2 * past_row[:, None] + past_band)[None])[0]
        across = side[:, :, None] != side[:, None, :]
        return bias.masked_fill(across[:, None], -torch.inf)


def distances(window: int, device: torch.device | None = None) -> Tensor:
    """Return which entry of the table stands for two places of a window, `[places, places]`.

    Places are row by row; the table, as published, has all distances of rows for each of bands.
    """
    places = torch.cartesian_prod(*(torch.arange(window, device=device),) * 2)
    row, band = (places[:, None] - places[None] + window - 1).unbind(2)
    return band * (2 * window - 1) + row
