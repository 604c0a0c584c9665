"""Losses: zero for equal signals, right for known ones, computed only where weighed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vocable.train.balance import Balancer
from vocable.train.losses import Reconstruction
from vocable.train.recipe import Loss

ALL = Loss(time=1.0, mel=1.0, low_band=1.0, complex=1.0, mel_windows=(256, 512), mel_bands=(20, 40))
RATE = 16_000


def noise(seed: int) -> torch.Tensor:
    return 0.1 * torch.randn(2, 1, 8000, generator=torch.Generator().manual_seed(seed))


def test_equal_signals_cost_nothing() -> None:
    losses = Reconstruction(ALL, RATE)(noise(0), noise(0))
    assert set(losses) == {"time", "mel", "low_band", "complex"}
    assert all(float(loss) < 1e-4 for loss in losses.values())


@pytest.mark.parametrize("name", ["time", "mel", "low_band", "complex"])
def test_a_loss_of_weight_zero_is_not_computed(name: str) -> None:
    weights = Loss(**{"mel": 0.0, name: 1.0})
    assert set(Reconstruction(weights, RATE)(noise(0), noise(1))) == {name}


def test_half_the_gain_costs_its_logarithm() -> None:
    losses = Reconstruction(ALL, RATE)(noise(0), noise(0) / 2)
    assert float(losses["mel"]) == pytest.approx(np.log(2), abs=1e-3)
    assert float(losses["low_band"]) == pytest.approx(np.log(2), abs=5e-3)
    assert float(losses["time"]) == pytest.approx(float(noise(0).abs().mean()) / 2, rel=1e-5)


def test_a_turned_sign_costs_phase_only() -> None:
    losses = Reconstruction(ALL, RATE)(noise(0), -noise(0))
    assert float(losses["mel"]) < 1e-4 and float(losses["complex"]) > 0.5


def test_low_band_hears_nothing_above() -> None:
    time = torch.arange(8000) / RATE
    high = 0.1 * torch.sin(2 * torch.pi * 4000 * time)[None, None]
    losses = Reconstruction(ALL, RATE)(noise(0)[:1], noise(0)[:1] + high)
    assert float(losses["low_band"]) < 0.02 < float(losses["mel"])


def test_the_complex_loss_equals_its_definition() -> None:
    x, y = noise(0)[0, 0].numpy(), noise(1)[0, 0].numpy()
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    padded = np.pad(x - y, 256)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::128] * window
    wanted = np.abs(np.fft.rfft(frames)).mean()
    losses = Reconstruction(Loss(complex=1.0, complex_windows=(512,)), RATE)(
        noise(0)[:1], noise(1)[:1]
    )
    assert float(losses["complex"]) == pytest.approx(wanted, rel=1e-4)


def test_gradients_stay_finite_for_silence() -> None:
    output = torch.zeros(1, 1, 8000, requires_grad=True)
    for target in (torch.zeros(1, 1, 8000), noise(0)[:1]):
        losses = Reconstruction(ALL, RATE)(target, output)
        (gradient,) = torch.autograd.grad(torch.stack(list(losses.values())).sum(), output)
        assert gradient.isfinite().all()


def test_the_balancer_gives_each_loss_its_share() -> None:
    output = noise(0).requires_grad_()
    target = noise(1)
    losses = {"a": 1e4 * (output - target).square().mean(), "b": 1e-4 * output.abs().sum()}
    balancer = Balancer({"a": 3.0, "b": 1.0})
    (found,) = torch.autograd.grad(balancer.total(losses, output), output, retain_graph=True)
    wanted = torch.zeros_like(found)
    for name, share in (("a", 0.75), ("b", 0.25)):
        (gradient,) = torch.autograd.grad(losses[name], output, retain_graph=True)
        wanted += share * gradient / gradient.flatten(1).norm(dim=1).mean()
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-9)


def test_the_balancer_remembers_norms() -> None:
    balancer = Balancer({"a": 1.0})
    output = noise(0).requires_grad_()
    for scale in (1.0, 3.0):
        balancer.total({"a": scale * output.sum()}, output)
    total, count = balancer.norms["a"]
    assert total / count == pytest.approx(2 * 8000**0.5, rel=1e-3)
