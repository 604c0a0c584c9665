"""The optimizer does what the recipe says: clip, betas, decay of the weights; averages follow."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from vocable.train.distributed import Distributed
from vocable.train.optim import AdamW
from vocable.train.update import Average, Updater


class One(nn.Module):
    """One number, 2.0 at first."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([2.0]))


def moved(optimizer: AdamW, *gradients: float) -> float:
    """Return where the number is after a step at half of `optimizer.lr` for each gradient."""
    one = One()
    updater = Updater(one, optimizer, Distributed("cpu"))
    for gradient in gradients:
        one.weight.grad = torch.tensor([gradient])
        updater.step(0.5)
    assert updater.rate == optimizer.lr / 2
    return float(one.weight.detach())


@pytest.mark.parametrize("clip", [0.5, 3.0])
def test_the_gradient_is_clipped_and_its_norm_before_that_returned(clip: float) -> None:
    one = One()
    one.weight.grad = torch.tensor([8.0])
    assert Updater(one, AdamW(clip=clip), Distributed("cpu")).clip_gradient() == 8.0
    assert float(one.weight.grad) == pytest.approx(clip, rel=1e-4)


def test_a_gradient_below_the_clip_stays() -> None:
    one = One()
    one.weight.grad = torch.tensor([0.25])
    Updater(one, AdamW(clip=0.5), Distributed("cpu")).clip_gradient()
    assert float(one.weight.grad) == 0.25


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_weights_decay_by_rate_times_decay(decay: float) -> None:
    found = moved(AdamW(lr=0.2, weight_decay=decay), 0.0)
    assert found == pytest.approx(2.0 * (1 - 0.1 * decay))


@pytest.mark.parametrize("betas", [(0.5, 0.9), (0.9, 0.98)])
def test_betas_are_the_memory_of_gradient_and_square(betas: tuple[float, float]) -> None:
    """AdamW by hand (Loshchilov and Hutter 2019), a gradient of 1 and then one of 0."""
    mean, square = ((1 - beta) * beta / (1 - beta**2) for beta in betas)
    expected = 2.0 - 0.1 - 0.1 * mean / square**0.5
    assert moved(AdamW(lr=0.2, betas=betas, weight_decay=0.0), 1.0, 0.0) == pytest.approx(expected)


def test_the_average_follows() -> None:
    model = nn.BatchNorm1d(2)
    average = Average(model, 0.9)
    with torch.no_grad():
        model.weight.fill_(11.0)
        model.running_mean.fill_(3.0)
    average.follow(model, 10**6)
    assert torch.allclose(average.model.weight, torch.full((2,), 2.0))
    assert (average.model.running_mean == 3).all()
    average.follow(model, 0)  # early on the past counts little
    assert torch.allclose(average.model.weight, torch.full((2,), 2 + 0.9 * 9))


@pytest.mark.parametrize(("step", "kept"), [(0, 0.1), (5, 0.4), (170, 0.95), (10**6, 0.95)])
def test_the_decay_grows_up_to_what_the_recipe_says(step: int, kept: float) -> None:
    """The share of the old average that is kept: min(decay, (1 + n) / (10 + n))."""
    model = One()
    average = Average(model, 0.95)
    with torch.no_grad():
        model.weight.fill_(3.0)
    average.follow(model, step)
    assert float(average.model.weight) == pytest.approx(3.0 - kept, abs=1e-6)
