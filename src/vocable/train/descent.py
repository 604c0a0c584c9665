"""Move a module down its gradient: AdamW, clipped, with the rate handed in at each step."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from vocable.train.place import Place
from vocable.train.recipe import Optimizer


class Descent:
    """AdamW over the parameters of `module` that learn."""

    def __init__(self, module: nn.Module, plan: Optimizer, place: Place) -> None:
        self.plan, self.place = plan, place
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        self.adamw = torch.optim.AdamW(
            self.parameters,
            lr=plan.lr,
            betas=plan.betas,
            weight_decay=plan.weight_decay,
            fused=True,
        )

    def clear(self) -> None:
        """Forget the gradient."""
        self.adamw.zero_grad(set_to_none=True)

    def measure(self) -> float:
        """Average the gradient over the replicas, clip it, and return its norm before that."""
        learning = [p for p in self.parameters if p.grad is not None]
        self.place.average_gradients(learning)
        return float(nn.utils.clip_grad_norm_(learning, self.plan.clip))

    def step(self, rate: float) -> None:
        """Take the step, at learning rate `rate`."""
        for group in self.adamw.param_groups:
            group["lr"] = rate
        self.adamw.step()

    def state(self) -> dict[str, Any]:
        return self.adamw.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        self.adamw.load_state_dict(state)
