"""Turn frames of tokens or of log-mels into vectors, the first part of every probe."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

START, LEFT_OUT = 0.01, 0.3  # deviation of embeddings; share of tokens

Mask = Bool[Tensor, "batch frames"]
Rows = Float[Tensor, "batch frames _"]


class LevelAttention(nn.Module):
    """Fresh embeddings of each level, then attention over levels, as in DASB.

    Mousavi et al. 2024, arXiv 2406.14294: in each frame every level's vector gets a score by
    Linear, ReLU, Linear; the softmax of the scores over the levels weighs the sum. So no level
    counts for more by its place, and the weights say which levels the task asks for.

    Two things keep probes from learning minutes of audio by heart, most of whose tokens come a few
    times only: embeddings start near 0, so that an entry which train lacks says nothing rather than
    something random, and 30 % of all tokens are left out in each step.
    """

    def __init__(self, sizes: Sequence[int], dim: int, dropout: float) -> None:
        super().__init__()
        starts = torch.tensor([0, *sizes[:-1]]).cumsum(0)
        self.register_buffer("starts", starts, persistent=False)
        self.starts: Tensor
        self.table = nn.Embedding(sum(sizes), dim)
        nn.init.normal_(self.table.weight, std=START)
        self.score = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 1, bias=False))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, codes: Int64[Tensor, "batch frames levels"]
    ) -> tuple[Rows, Float[Tensor, "batch frames levels"]]:
        """Return a vector of each frame, and the weights of the levels."""
        vectors = self.dropout(self.table(codes + self.starts))
        if self.training:
            vectors = vectors * (torch.rand_like(vectors[..., :1]) > LEFT_OUT)
        weights = self.score(vectors).squeeze(-1).softmax(dim=-1)
        return (weights[..., None] * vectors).sum(dim=2), weights


class FeatureFront(nn.Module):
    """Two linear maps of each frame of log-mels, in the place of the embeddings.

    With a ReLU between them, so that the mean over frames is more than that of the log-mels.
    """

    def __init__(self, bands: int, dim: int, dropout: float) -> None:
        super().__init__()
        first, second = nn.Linear(bands, 2 * dim), nn.Linear(2 * dim, dim)
        self.map = nn.Sequential(first, nn.ReLU(), second, nn.LayerNorm(dim), nn.Dropout(dropout))

    def forward(
        self, frames: Float[Tensor, "batch frames bands"]
    ) -> tuple[Rows, Float[Tensor, "batch frames 0"]]:
        """Return a vector of each frame, and no weights."""
        return self.map(frames), frames[..., :0]
