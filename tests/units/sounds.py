"""Sounds with something to tell apart: a few tones that take turns, in noise."""

import numpy as np

RATE = 16_000


def tones(seconds: float = 2.0, seed: int = 0) -> np.ndarray:
    """Return `[samples]` float32."""
    random = np.random.default_rng(seed)
    time = np.arange(round(0.1 * RATE)) / RATE
    pieces = [
        np.sin(2 * np.pi * random.choice([220, 500, 900, 1700]) * time) * 0.3
        for _ in range(round(seconds / 0.1))
    ]
    whole = np.concatenate(pieces)
    return (whole + 0.01 * random.normal(size=whole.size)).astype(np.float32)
