"""Recordings of any rate, length and number of channels are scored by measures of any rate."""

import numpy as np
import pytest

from tests.measures.signals import voice
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures import Measure, register, score_recordings


def rates_seen(name: str, rate: int | None, **more) -> tuple[Measure, list]:
    seen: list = []

    def function(reference, degraded, rate):
        seen.append((len(reference), len(degraded), rate))
        return 1.0

    options = {"about": "", "unit": "", "direction": None, "range": (0.0, 2.0), "rate": rate}
    return Measure(name, function, **options, **more), seen


def test_each_measure_gets_its_own_rate_and_length(registry):
    wide, seen_wide = rates_seen("wide", 24_000)
    short, seen_short = rates_seen("short", None, longest=0.5)
    register(wide)
    stereo = Audio(np.stack([voice(), voice()]).astype(np.float32), 16_000)
    other = Audio(voice()[:-7].astype(np.float32), 16_000)
    scores, unscored = score_recordings(["wide", short], stereo, other, 16_000)
    assert scores == {"wide": 1.0, "short": 1.0} and unscored == {}
    length = -(-len(other) * 24_000 // 16_000)
    assert seen_wide == [(length, length, 24_000)] and seen_short == [(8000, 8000, 16_000)]


def test_a_measure_that_falls_over_is_not_the_end(registry):
    def too_short(reference, degraded, rate):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied\n(1x2 and 3x4)")

    register(Measure("network", too_short, "", "", "up", (0.0, 1.0)))
    x = Audio(voice().astype(np.float32), 16_000)
    scores, unscored = score_recordings(["network", "si_sdr"], x, x, 16_000)
    assert list(scores) == ["si_sdr"]
    assert unscored == {
        "network": "network failed on this clip (RuntimeError: mat1 and mat2 shapes cannot be "
        "multiplied); leave it out"
    }


@pytest.mark.parametrize("name", ["seconds", "mel", "step"])
def test_a_measure_may_not_hide_what_results_say(name):
    with pytest.raises(MeasureError, match=f'"{name}" is what results say beside scores'):
        Measure(name, lambda *_: 0.0, "", "", "up", (0.0, 1.0))
