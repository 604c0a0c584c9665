"""Make a band-limited pulse train from pitch: the voiced excitation of a source-filter decoder.

Every harmonic has the same strength, as in Wang, Takaki, Yamagishi 2019, "Neural
source-filter-based waveform models". Pitch comes in points, one every `hop` samples.
"""

from __future__ import annotations

import math
from functools import lru_cache

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
    return (before.double() * (hop - 1) + hz.double() * (hop + 1)) / (2 * rate)


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
    ramp, parabola = _cycles_of_a_hertz(rate, hop, hz.device)
    start, end = before.double()[..., None], hz.double()[..., None]
    cycles = phase[..., None] + start * ramp + (end - start) * parabola
    # from the nearest pulse, since around the far end of a cycle two small sines would be divided
    angle = (math.pi * (cycles - cycles.round())).float()
    twice = 2 * (EDGE * rate / hz[..., None].clamp(min=20.0)).floor()  # the number of harmonics
    sine = angle.sin()
    at_peak = sine.abs() < 1e-5  # the limit of the kernel, where it would be 0 / 0
    ratio = ((twice + 1) * angle).sin() / torch.where(at_peak, 1.0, sine)
    train = torch.where(at_peak, twice, ratio - 1) / twice.sqrt()
    return train * (hz > 0)[..., None]


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _cycles_of_a_hertz(
    rate: int, hop: int, device: torch.device
) -> tuple[Float[Tensor, " hop"], Float[Tensor, " hop"]]:
    """Return the cycles since a point's start of a pitch of 1 Hz, and of one that rises to it."""
    n = torch.arange(1, hop + 1, dtype=torch.float64, device="cpu")
    return (n / rate).to(device), (n * n / (2 * hop * rate)).to(device)
