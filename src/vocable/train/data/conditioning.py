"""Bring recordings to one loudness and cut the silence at their edges, when they are decoded."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from vocable.train.data.manifest import frame_powers, loudness
from vocable.train.data.tables import Augment

_MARGIN = 0.1  # seconds of silence that stay at each edge


def trim_and_normalise(
    samples: Float32[np.ndarray, "channels samples"], rate: int, augment: Augment
) -> Float32[np.ndarray, "channels kept"]:
    """Return a recording trimmed and at the loudness that the recipe asks for."""
    if augment.trim_db is not None:
        samples = trim(samples, rate, augment.trim_db)
    if augment.loudness_db is not None:
        samples = normalise(samples, rate, augment.loudness_db)
    return samples


def trim(
    samples: Float32[np.ndarray, "channels samples"], rate: int, below_db: float
) -> Float32[np.ndarray, "channels kept"]:
    """Cut the edges that lie `below_db` under the recording's loudness, all but 0.1 s of each."""
    powers = frame_powers(samples, rate)
    level = loudness(powers)
    if level is None:
        return samples
    loud = np.flatnonzero(10 * np.log10(powers + 1e-12) > level - below_db)
    if not loud.size:
        return samples
    frame, margin = rate // 50, round(_MARGIN * rate)
    first, last = int(loud[0]) * frame - margin, (int(loud[-1]) + 1) * frame + margin
    return samples[:, max(0, first) : last]


def normalise(
    samples: Float32[np.ndarray, "channels samples"], rate: int, level_db: float
) -> Float32[np.ndarray, "channels samples"]:
    """Return a recording at `level_db` dBFS (gated), or as near as its peak allows."""
    level = loudness(frame_powers(samples, rate))
    if level is None:
        return samples
    gain = min(10 ** ((level_db - level) / 20), 1 / float(np.abs(samples).max()))
    return samples * np.float32(gain)
