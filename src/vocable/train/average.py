"""Average the weights of a model while it learns.

The average is what is evaluated and shipped. Buffers (codebooks, which average themselves) are
copied.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """A second model whose weights follow the first: `w += (1 - decay) * (w_model - w)`.

    The decay grows with the steps, `min(decay, (1 + n) / (10 + n))`, so that the random start is
    soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int) -> None:
        """Take one step towards `model`; `step` counts from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine, theirs = ([p.detach() for p in m.parameters()] for m in (self.model, model))
        torch._foreach_lerp_(mine, theirs, 1 - decay)
        for kept, now in zip(self.model.buffers(), model.buffers(), strict=True):
            if kept.shape == now.shape:
                kept.copy_(now)
            else:  # what waits for the k-means start grows
                kept.data = now.detach().clone()
