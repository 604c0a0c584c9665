"""Symbols with the times for which they are spoken, in whole hops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vocable.text.phones import Spoken

HOP = 0.01  # seconds


@dataclass(frozen=True, eq=False)
class Timed:
    """Symbols, and how many hops each of them lasts, `[symbols]`; 0: no pause at a mark."""

    spoken: Spoken
    durations: np.ndarray
