"""Trimming and loudness."""

from __future__ import annotations

import numpy as np
import pytest

from vocable.train.data.conditioning import normalise, trim
from vocable.train.data.manifest import loudness

RATE = 8000


def test_trim_leaves_a_tenth_of_a_second() -> None:
    tone = 0.5 * np.sin(np.arange(RATE) * 0.3).astype(np.float32)
    silence = np.zeros(RATE, np.float32)
    found = trim(np.concatenate([silence, tone, silence])[None], RATE, 40.0)[0]
    assert abs(len(found) - 1.2 * RATE) <= RATE // 50
    assert np.allclose(found[RATE // 10 :][:RATE], tone)
    assert trim(silence[None], RATE, 40.0).shape == (1, RATE)


def test_normalise_reaches_the_level_or_the_peak() -> None:
    tone = (0.01 * np.sin(np.arange(RATE) * 0.3)).astype(np.float32)[None]
    found = normalise(tone, RATE, -23.0)
    level = loudness(np.square(found).reshape(-1, 160).mean(axis=1))
    assert level is not None and abs(level + 23) < 0.1
    assert np.abs(normalise(tone, RATE, 0.0)).max() == pytest.approx(1.0)
    assert (normalise(0 * tone, RATE, -23.0) == 0).all()
