"""Losses: zero for equal signals, right for known ones, computed only where weighed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vocable.errors import RecipeError
from vocable.signal.spectra import mel_filters
from vocable.train.codec.balance import Balancer
from vocable.train.codec.losses import ReconstructionLoss
from vocable.train.codec.recipe import Loss

ALL = Loss(
    time=1.0,
    mel=1.0,
    low_band=1.0,
    complex=1.0,
    spectral=1.0,
    pesq=1.0,
    level=1.0,
    mel_windows=(256, 512),
    mel_bands=(20, 40),
)
RATE = 16_000


def noise(seed: int) -> torch.Tensor:
    return 0.1 * torch.randn(2, 1, 8000, generator=torch.Generator().manual_seed(seed))


def test_equal_signals_cost_nothing() -> None:
    losses = ReconstructionLoss(ALL, RATE)(noise(0), noise(0))
    assert set(losses) == {"time", "mel", "low_band", "complex", "spectral", "pesq", "level"}
    assert all(float(loss) < 1e-3 for loss in losses.values())


@pytest.mark.parametrize(
    "name", ["time", "mel", "low_band", "complex", "spectral", "pesq", "level"]
)
def test_a_loss_of_weight_zero_is_not_computed(name: str) -> None:
    weights = Loss(**{"mel": 0.0, name: 1.0})
    assert set(ReconstructionLoss(weights, RATE)(noise(0), noise(1))) == {name}


def test_half_the_gain_costs_its_logarithm() -> None:
    losses = ReconstructionLoss(ALL, RATE)(noise(0), noise(0) / 2)
    assert float(losses["mel"]) == pytest.approx(np.log(2), abs=1e-3)
    assert float(losses["low_band"]) == pytest.approx(np.log(2), abs=5e-3)
    assert float(losses["time"]) == pytest.approx(float(noise(0).abs().mean()) / 2, rel=1e-5)
    assert float(losses["level"]) == pytest.approx(20 * np.log10(2), abs=1e-3)


def test_pesq_is_refused_at_another_rate() -> None:
    with pytest.raises(
        RecipeError, match="loss.pesq is defined at 16000 Hz and the codec has 24000"
    ):
        ReconstructionLoss(ALL, 24_000)


def test_a_turned_sign_costs_phase_only() -> None:
    losses = ReconstructionLoss(ALL, RATE)(noise(0), -noise(0))
    assert float(losses["mel"]) < 1e-4 and float(losses["complex"]) > 0.5


def test_low_band_ignores_what_lies_above() -> None:
    time = torch.arange(8000) / RATE
    high = 0.1 * torch.sin(2 * torch.pi * 4000 * time)[None, None]
    losses = ReconstructionLoss(ALL, RATE)(noise(0)[:1], noise(0)[:1] + high)
    assert float(losses["low_band"]) < 0.02 < float(losses["mel"])


def spectra(x: np.ndarray, window: int) -> np.ndarray:
    """Return the complex spectra `[frames, bins]` by numpy: periodic Hann, hop a quarter."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    padded = np.pad(x, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[:: window // 4]
    return np.fft.rfft(frames * hann)


def log_distance(a: np.ndarray, b: np.ndarray, floor: float) -> float:
    return float(np.abs(np.log(np.maximum(a, floor)) - np.log(np.maximum(b, floor))).mean())


def quiet_and_loud() -> tuple[torch.Tensor, torch.Tensor]:
    """Return two signals whose magnitudes lie on both sides of the floor."""
    level = torch.logspace(-5, 0, 8000)
    return level * noise(0)[:1], level.flip(0) * noise(1)[:1]


@pytest.mark.parametrize(("settings", "floor"), [({}, 1e-3), ({"floor": 1e-2}, 1e-2)])
def test_the_mel_loss_equals_its_definition(settings: dict, floor: float) -> None:
    """The mean over the windows of the L1 of log mel magnitudes, none below the floor of 1e-3."""
    weights = Loss(mel_windows=(256, 512), mel_bands=(20, 40), **settings)
    target, output = quiet_and_loud()
    parts = []
    for window, bands in ((256, 20), (512, 40)):
        filters = mel_filters(RATE, window, bands).numpy()
        a, b = (np.abs(spectra(x[0, 0].numpy(), window)) @ filters for x in (target, output))
        parts.append(log_distance(a, b, floor))
    found = float(ReconstructionLoss(weights, RATE)(target, output)["mel"])
    assert found == pytest.approx(np.mean(parts), rel=1e-4)


def test_the_low_band_loss_equals_its_definition() -> None:
    """As mel, of the bins up to 1250 Hz: 0 to 20 of a window of 256, 0 to 40 of one of 512."""
    weights = Loss(mel=0.0, low_band=1.0, low_band_windows=(256, 512))
    target, output = noise(0)[:1], noise(1)[:1]
    parts = []
    for window, bins in ((256, 21), (512, 41)):
        a, b = (np.abs(spectra(x[0, 0].numpy(), window))[:, :bins] for x in (target, output))
        parts.append(log_distance(a, b, 1e-3))
    found = float(ReconstructionLoss(weights, RATE)(target, output)["low_band"])
    assert found == pytest.approx(np.mean(parts), rel=1e-4)


def test_the_complex_loss_equals_its_definition() -> None:
    target, output = quiet_and_loud()
    difference = (target - output)[0, 0].numpy()
    expected = np.mean([np.abs(spectra(difference, window)).mean() for window in (512, 128)])
    weights = Loss(mel=0.0, complex=1.0, complex_windows=(512, 128))
    found = float(ReconstructionLoss(weights, RATE)(target, output)["complex"])
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("power", "weights_of_logs"), [(0.5, (4.0, 8.0)), (0.0, (1.0, 1.0))])
def test_the_spectral_loss_equals_its_definition(
    power: float, weights_of_logs: tuple[float, float]
) -> None:
    """SoundStream: |a - b| + sqrt(s / 2) ‖log a - log b‖ of a frame, here of windows 32 and 128."""
    windows = (32, 128)
    weights = Loss(
        mel=0.0, spectral=1.0, spectral_windows=windows, spectral_bands=8, spectral_power=power
    )
    target, output = quiet_and_loud()
    parts = []
    for window, of_logs in zip(windows, weights_of_logs, strict=True):
        norm = (0.375 * window) ** 0.5  # of a Hann window
        filters = mel_filters(RATE, window, 8).numpy() / norm
        a, b = (np.abs(spectra(x[0, 0].numpy(), window)) @ filters for x in (target, output))
        logs = np.log(np.maximum(a, 1e-3)) - np.log(np.maximum(b, 1e-3))
        parts.append((np.abs(a - b).sum(1) + of_logs * np.linalg.norm(logs, axis=1)).mean())
    found = float(ReconstructionLoss(weights, RATE)(target, output)["spectral"])
    assert found == pytest.approx(np.mean(parts), rel=1e-4)


def test_the_time_loss_is_the_mean_distance_of_the_samples() -> None:
    x, y = noise(0), noise(1)
    found = ReconstructionLoss(Loss(mel=0.0, time=1.0), RATE)(x, y)["time"]
    assert float(found) == pytest.approx(float((x - y).abs().mean()), rel=1e-6)


def test_gradients_stay_finite_for_silence() -> None:
    output = torch.zeros(1, 1, 8000, requires_grad=True)
    for target in (torch.zeros(1, 1, 8000), noise(0)[:1]):
        losses = ReconstructionLoss(ALL, RATE)(target, output)
        (gradient,) = torch.autograd.grad(torch.stack(list(losses.values())).sum(), output)
        assert gradient.isfinite().all()


def test_the_balancer_gives_each_loss_its_share() -> None:
    output = noise(0).requires_grad_()
    target = noise(1)
    losses = {"a": 1e4 * (output - target).square().mean(), "b": 1e-4 * output.abs().sum()}
    balancer = Balancer({"a": 3.0, "b": 1.0})
    (found,) = torch.autograd.grad(balancer.total(losses, output), output, retain_graph=True)
    expected = torch.zeros_like(found)
    for name, share in (("a", 0.75), ("b", 0.25)):
        (gradient,) = torch.autograd.grad(losses[name], output, retain_graph=True)
        expected += share * gradient / gradient.flatten(1).norm(dim=1).mean()
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-9)


def test_the_balancer_remembers_norms() -> None:
    """Their mean over time is exponential: the past loses 0.1 % each time."""
    balancer = Balancer({"a": 1.0})
    output = noise(0).requires_grad_()
    for scale in (1.0, 3.0, 4.0):
        balancer.total({"a": scale * output.sum()}, output)
    total, count = balancer.norms["a"]
    decayed = np.array([0.999**2, 0.999, 1.0])
    assert count == pytest.approx(decayed.sum(), rel=1e-9)
    assert total == pytest.approx((decayed * [1, 3, 4]).sum() * 8000**0.5, rel=1e-6)
