"""CPC: convolutions and an LSTM that predicts what comes, 100 frames a second.

"Representation Learning with Contrastive Predictive Coding" (van den Oord et al. 2018,
arXiv:1807.03748), as modified in "Unsupervised pretraining transfers well across languages"
(Rivière et al. 2020, arXiv:2002.02848).

    (10, 5, 3)  (8, 4, 2)  (4, 2, 1) × 3        kernel, stride, zeros on either side
    after each: a norm over the channels of each row, whose variance is unbiased, and ReLU
    small: 256 channels, an LSTM of 1 level, 256 wide        big: LSTM of several levels

Layer L is what level L of the LSTM gives; 0 is what it gets. Published units were made from pieces
of 64 000 samples (4 s), each begun anew, zeros and empty state at its edges: so they are here, and
memory does not grow with a recording. The readers of GSLM and textless-lib run the whole recording
once more for what is left behind its last whole piece; here that is one piece more, as in the
authors' own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vocable.nn import Conv1d
from vocable.nn.recurrent import LSTM
from vocable.units.encoder import EncoderModel

SHAPES = ((10, 5, 3), (8, 4, 2), (4, 2, 1), (4, 2, 1), (4, 2, 1))
EPS = 1e-5
TOGETHER = 16  # pieces of one length that run side by side: 1 min of sound


@dataclass(frozen=True)
class CPCConfig:
    """Sizes of a CPC, by default the small one's."""

    filters: int = 256
    width: int = 256  # of the LSTM
    levels: int = 1
    piece: int = 64_000  # samples after which everything begins anew; a multiple of a frame


class ChannelNorm(nn.Module):
    """Normalise each row over its channels by the unbiased variance."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Normalise as torch does, whose variance is the biased one: (n - 1) / n times ours."""
        share = (len(self.bias) - 1) / len(self.bias)
        weight = self.weight * math.sqrt(share)
        return F.layer_norm(x, self.bias.shape, weight, self.bias, EPS * share)


class CPC(EncoderModel):
    """The convolutions and the LSTM."""

    name = "cpc"
    hop = 160
    window = 159  # all strides and zeros together: n samples give (n + 1) // 160 frames

    def __init__(self, config: CPCConfig) -> None:
        super().__init__(config)
        self.layers, self.restarts = config.levels, config.piece
        widths = [1] + [config.filters] * len(SHAPES)
        self.convs = nn.ModuleList(
            Conv1d(widths[i], config.filters, kernel, stride=stride, pad=(zeros, zeros))
            for i, (kernel, stride, zeros) in enumerate(SHAPES)
        )
        self.norms = nn.ModuleList(ChannelNorm(config.filters) for _ in SHAPES)
        self.levels = nn.ModuleList(
            LSTM(config.width if level else config.filters, config.width)
            for level in range(config.levels)
        )

    def channels(self, layer: int) -> int:
        """Return the channels of a level of the LSTM, or of the convolutions for 0."""
        return int(self.config.width if layer else self.config.filters)

    def each(
        self, items: Sequence[Float[Tensor, " _"]], layer: int, final_norm: bool = False
    ) -> list[Float[Tensor, "_ channels"]]:
        """Return the frames of recordings of any lengths, pieces of one length side by side."""
        self.check_layer(layer, final_norm)
        pieces = [torch.split(x, self.config.piece) for x in items]
        places = defaultdict(list)
        for i, parts in enumerate(pieces):
            for k, part in enumerate(parts):
                places[len(part)].append((i, k))
        found: dict[tuple[int, int], Tensor] = {}
        for same in places.values():
            for start in range(0, len(same), TOGETHER):
                group = same[start : start + TOGETHER]
                rows = self.run(torch.stack([pieces[i][k] for i, k in group]), layer)
                found |= dict(zip(group, rows, strict=True))
        return [
            torch.cat([found[i, k] for k in range(len(parts))]) for i, parts in enumerate(pieces)
        ]

    def run(
        self, x: Float[Tensor, "batch time"], layer: int
    ) -> Float[Tensor, "batch frames channels"]:
        """Return the frames of pieces; levels beyond `layer` do not run."""
        if not self.frames(x.shape[1]):
            return x.new_zeros(len(x), 0, self.channels(layer))
        rows = x[..., None]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            rows = norm(conv(rows)).relu()
        for level in list(self.levels)[:layer]:
            rows = level(rows)
        return rows
