"""Norms over the width, one of them in fewer operations where few rows come."""

from __future__ import annotations

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from vocable.language.config import TransformerConfig
from vocable.nn import Block, LayerNorm, RMSNorm
from vocable.nn.settings import ordinary_tensors

FEW = 1 << 14  # numbers up to which a step's operations take longer to call than to run


class RowNorm(RMSNorm):
    """`RMSNorm`; few rows in fp32 take half its time in a step, and differ by rounding."""

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Normalise each row."""
        weight = self.weight
        few = x.numel() <= FEW and torch.is_inference_mode_enabled()
        if not few or x.dtype != torch.float32 or weight.dtype != torch.float32:
            return super().forward(x)
        least, root = _constants(self.channels, self.eps)
        size = torch.hypot(torch.linalg.vector_norm(x, 2, -1, keepdim=True), least)
        return (x * (root / size)).mul_(weight)


@cache
def _constants(channels: int, eps: float) -> tuple[Tensor, Tensor]:
    """Return as tensors, since a number would be made one at each call: √(eps · n) and √n."""
    with ordinary_tensors():
        values = math.sqrt(eps * channels), math.sqrt(channels)
        least, root = (torch.tensor(value, device="cpu") for value in values)
    return least, root


def make_norm(config: TransformerConfig) -> Block:
    """Return a norm over the width."""
    kind = RowNorm if config.norm == "rms" else LayerNorm
    return kind(config.width, eps=config.eps)
