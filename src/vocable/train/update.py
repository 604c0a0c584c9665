"""Change the weights of a module: by the optimizer's step, and by a running average."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from vocable.train.distributed import Distributed
from vocable.train.optim import Optimizer


class Updater:
    """Steps of an optimizer over the parameters of `module` that learn.

    Each step: the gradients are averaged over the processes, clipped, and followed.
    """

    def __init__(self, module: nn.Module, optimizer: Optimizer, distributed: Distributed) -> None:
        self._clip, self._distributed = optimizer.clip, distributed
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self._torch = optimizer.build(self.parameters)
        self._peaks = [group["lr"] for group in self._torch.param_groups]

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self._torch.param_groups[0]["lr"])

    def clear_gradient(self) -> None:
        """Forget the gradient."""
        self._torch.zero_grad(set_to_none=True)

    def clip_gradient(self) -> float:
        """Average the gradient over the processes, clip it, and return its norm before that."""
        with_gradient = [p for p in self.parameters if p.grad is not None]
        self._distributed.average_gradients(with_gradient)
        return float(nn.utils.clip_grad_norm_(with_gradient, self._clip))

    def step(self, factor: float) -> None:
        """Take the step, at `factor` times the learning rate that the optimizer was built with."""
        for group, peak in zip(self._torch.param_groups, self._peaks, strict=True):
            group["lr"] = peak * factor
        self._torch.step()

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes: moments and counts."""
        found: dict[str, Any] = self._torch.state_dict()
        return found

    def restore(self, state: dict[str, Any]) -> None:
        self._torch.load_state_dict(state)


class Average:
    """A second model whose weights follow the first: `w += (1 - decay) * (w_model - w)`.

    It is what is evaluated and exported. The decay grows with the steps,
    `min(decay, (1 + n) / (10 + n))`, so that the random initial weights are soon forgotten. Buffers
    (codebooks, which average themselves) are copied.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int) -> None:
        """Take one step towards `model`; `step` counts from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages, weights = ([p.detach() for p in m.parameters()] for m in (self.model, model))
        torch._foreach_lerp_(averages, weights, 1 - decay)
        for kept, now in zip(self.model.buffers(), model.buffers(), strict=True):
            if kept.shape == now.shape:
                kept.copy_(now)
            else:  # latents that wait for the k-means initialisation: their number grows
                kept.data = now.detach().clone()
