"""The optimizer does what the recipe says: clip, betas, decay of the weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from vocable.train.descent import Descent
from vocable.train.place import Place
from vocable.train.recipe import Optimizer


class One(nn.Module):
    """One number, 2.0 at first."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([2.0]))


def moved(plan: Optimizer, *gradients: float) -> float:
    """Return where the number is after a step of rate 0.1 down each gradient."""
    one = One()
    descent = Descent(one, plan, Place("cpu"))
    for gradient in gradients:
        one.weight.grad = torch.tensor([gradient])
        descent.step(0.1)
    return float(one.weight.detach())


@pytest.mark.parametrize("clip", [0.5, 3.0])
def test_the_gradient_is_clipped_and_its_norm_before_that_is_told(clip: float) -> None:
    one = One()
    one.weight.grad = torch.tensor([8.0])
    assert Descent(one, Optimizer(clip=clip), Place("cpu")).measure() == 8.0
    assert float(one.weight.grad) == pytest.approx(clip, rel=1e-4)


def test_a_gradient_below_the_clip_stays() -> None:
    one = One()
    one.weight.grad = torch.tensor([0.25])
    Descent(one, Optimizer(clip=0.5), Place("cpu")).measure()
    assert float(one.weight.grad) == 0.25


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_weights_decay_by_rate_times_decay(decay: float) -> None:
    assert moved(Optimizer(weight_decay=decay), 0.0) == pytest.approx(2.0 * (1 - 0.1 * decay))


@pytest.mark.parametrize("betas", [(0.5, 0.9), (0.9, 0.98)])
def test_betas_are_the_memory_of_gradient_and_square(betas: tuple[float, float]) -> None:
    """AdamW by hand (Loshchilov and Hutter 2019), a gradient of 1 and then one of 0."""
    mean, square = ((1 - beta) * beta / (1 - beta**2) for beta in betas)
    wanted = 2.0 - 0.1 - 0.1 * mean / square**0.5
    assert moved(Optimizer(betas=betas, weight_decay=0.0), 1.0, 0.0) == pytest.approx(wanted)
