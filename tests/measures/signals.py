"""Make what measures are tested with: signals without files, and a measure that knows its sides."""

import math

import numpy as np
import pytest
from jaxtyping import Float64

from vocable.measures import Measure

RATE = 16000
Samples = Float64[np.ndarray, "samples"]


def voice(seconds: float = 2.0, rate: int = RATE) -> Samples:
    """Return a buzzing tone with gliding pitch and syllables, near enough to speech."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * 0.7 * t)) / rate
    buzz = sum(np.sin(k * phase) / k for k in range(1, 30))
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 3.0 * t)
    return 0.1 * buzz * syllables


def noise(samples: int, power: float = 1e-3, seed: int = 7) -> Samples:
    """Return white noise from the generator whose stream numpy has frozen for good."""
    return np.sqrt(power) * np.random.RandomState(seed).standard_normal(samples)


def installed(measure: Measure) -> Measure:
    """Return a measure, or skip the test where the package that computes it is not there."""
    if measure.package:
        pytest.importorskip(measure.package)
    return measure


def rate_of(measure: Measure) -> int:
    """Return a rate that a measure is defined at."""
    return measure.rates[0] if measure.rates else RATE


def louder(reference: Samples, degraded: Samples, rate: int) -> float:
    """Return how much more power the reference has, in dB: its sign tells the sides."""
    return 10 * math.log10(np.mean(reference**2) / np.mean(degraded**2))


LOUDER = Measure(
    "louder", louder, about="power", unit="dB", direction=None, range=(-math.inf, math.inf)
)
