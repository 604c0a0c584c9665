"""Pulses have all harmonics of the pitch, equally strong, power 1, and a continuous phase."""

import math

import torch

from vocable.signal.excitation import EDGE, phase_advance, pulses

RATE, HOP = 16_000, 160


def train(hz: torch.Tensor) -> torch.Tensor:
    before = torch.cat([hz[:, :1], hz[:, :-1]], dim=1)
    advance = phase_advance(before, hz, RATE, HOP)
    return pulses(before, hz, advance.cumsum(1) - advance, RATE, HOP).flatten(1)


def test_it_is_the_sum_of_cosines():
    hz = torch.full((1, 50), 187.5)
    t = torch.arange(1, 50 * HOP + 1, dtype=torch.float64) / RATE
    count = math.floor(EDGE * RATE / 187.5)
    wanted = sum(torch.cos(2 * math.pi * k * 187.5 * t) for k in range(1, count + 1))
    wanted = wanted * math.sqrt(2 / count)
    assert torch.allclose(train(hz)[0].double(), wanted, atol=1e-5)


def test_every_sample_is_near_what_doubles_give():
    """Wherever in its cycle a sample lies, and so on any machine: at peaks of 14 within 1e-5."""
    hz = torch.rand(1, 300, generator=torch.Generator().manual_seed(0)) * 300 + 70
    before = torch.cat([hz[:, :1], hz[:, :-1]], dim=1).double()
    advance = phase_advance(before, hz, RATE, HOP)
    n = torch.arange(1, HOP + 1, dtype=torch.float64) / RATE
    rise = (hz.double() - before)[..., None] * n * n * RATE / (2 * HOP)
    cycles = (advance.cumsum(1) - advance)[..., None] + before[..., None] * n + rise
    many = (EDGE * RATE / hz.double()[..., None]).floor()
    angle = math.pi * cycles
    wanted = (((2 * many + 1) * angle).sin() / angle.sin() - 1) / (2 * many).sqrt()
    assert (train(hz) - wanted.flatten(1)).abs().max() < 1e-5


def test_power_is_one_at_any_pitch():
    for hz in (60.0, 101.3, 230.0, 399.0):
        power = train(torch.full((1, 200), hz)).square().mean()
        assert abs(float(power) - 1) < 0.05, hz


def test_unvoiced_points_are_silent():
    hz = torch.tensor([[100.0, 0.0, 0.0, 100.0]])
    x = train(hz).reshape(4, HOP)
    assert x[0].abs().max() > 1 and not x[1].any() and not x[2].any()


def test_a_glide_has_a_continuous_phase_from_point_to_point():
    hz = torch.linspace(100, 200, 100)[None]
    before = torch.cat([hz[:, :1], hz[:, :-1]], dim=1)
    advance = phase_advance(before, hz, RATE, HOP)
    n = torch.arange(1, HOP + 1, dtype=torch.float64)
    inner = (before[..., None] * n + (hz - before)[..., None] * n * n / (2 * HOP)) / RATE
    # A point's last sample and the next point's start differ by at most half a step of the ramp.
    assert torch.all((inner[..., -1] - advance).abs() < 1e-3)
