"""Make a band-limited pulse train from pitch: the voiced excitation of a source-filter decoder.

Every harmonic has the same strength, as in Wang, Takaki, Yamagishi 2019, "Neural
source-filter-based waveform models". Pitch comes in points, one every `hop` samples.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

EDGE = 0.475  # highest harmonic, as a share of the sample rate


def phase_advance(
    before: Float[Tensor, "batch points"], hz: Float[Tensor, "batch points"], rate: int, hop: int
) -> Float[Tensor, "batch points"]:
    """Return how many cycles pass during each point's `hop` samples, in float64.

    before, hz: pitch in Hz at the start and the end of each point, linear between them.
    """
    return (before.double() + (hz.double() - before.double()) * (hop + 1) / (2 * hop)) * hop / rate


def pulses(
    before: Float[Tensor, "batch points"],
    hz: Float[Tensor, "batch points"],
    phase: Float[Tensor, "batch points"],
    rate: int,
    hop: int,
) -> Float[Tensor, "batch points hop"]:
    """Return pulses of power 1: the sum of all cosine harmonics of `hz` below EDGE × rate.

    before, hz: pitch in Hz at the start and the end of each point, linear between them; points with
    hz = 0 are silent. phase: cycles at the start of each point, float64. The sum over harmonics is
    taken in closed form, as a Dirichlet kernel.
    """
    n = torch.arange(1, hop + 1, device=hz.device, dtype=torch.float64)
    start, end = before.double()[..., None], hz.double()[..., None]
    cycles = phase[..., None] + (start * n + (end - start) * n * n / (2 * hop)) / rate
    angle = (math.pi * (cycles - cycles.floor())).float()
    harmonics = (EDGE * rate / hz.clamp(min=1.0)).floor()[..., None].clamp(max=EDGE * rate / 20)
    sine = angle.sin()
    at_peak = sine.abs() < 1e-5  # the limit of the kernel, where it would be 0 / 0
    ratio = ((2 * harmonics + 1) * angle).sin() / torch.where(at_peak, 1.0, sine)
    train = torch.where(at_peak, 2 * harmonics, ratio - 1) / (2 * harmonics).sqrt()
    return train * (hz > 0)[..., None]
