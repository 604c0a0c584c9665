"""A band-limited pulse train from pitch: what vocal folds give a source-filter decoder."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

EDGE = 0.475  # highest harmonic, as a share of the rate


def phase_advance(
    before: Float[Tensor, "batch points"], hz: Float[Tensor, "batch points"], rate: int, hop: int
) -> Float[Tensor, "batch points"]:
    """Return the cycles that each point's samples cover, in float64; pitch ramps from `before`."""
    return (before.double() + (hz.double() - before.double()) * (hop + 1) / (2 * hop)) * hop / rate


def pulses(
    before: Float[Tensor, "batch points"],
    hz: Float[Tensor, "batch points"],
    phase: Float[Tensor, "batch points"],
    rate: int,
    hop: int,
) -> Float[Tensor, "batch points hop"]:
    """Return pulses of power 1: the sum of all cosine harmonics of `hz` below EDGE × rate.

    before, hz: pitch at the start and the end of each point in Hz, ramped between; 0 is silent.
    phase: cycles at each point's start, float64. The sum is the Dirichlet kernel in closed form.
    """
    n = torch.arange(1, hop + 1, device=hz.device, dtype=torch.float64)
    start, end = before.double()[..., None], hz.double()[..., None]
    cycles = phase[..., None] + (start * n + (end - start) * n * n / (2 * hop)) / rate
    angle = (math.pi * (cycles - cycles.floor())).float()
    harmonics = (EDGE * rate / hz.clamp(min=1.0)).floor()[..., None].clamp(max=EDGE * rate / 20)
    low = angle.sin()
    ratio = ((2 * harmonics + 1) * angle).sin() / torch.where(low.abs() < 1e-5, 1.0, low)
    train = torch.where(low.abs() < 1e-5, 2 * harmonics, ratio - 1) / (2 * harmonics).sqrt()
    return train * (hz > 0)[..., None]
