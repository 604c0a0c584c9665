"""Make the signals that the measures are tested with: no files, the same on every machine."""

import numpy as np
from jaxtyping import Float64

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
