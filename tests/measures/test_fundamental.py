"""The pitch of two recordings: a known course is found, and a known change of it is the error."""

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import f0, score
from vocable.measures.fundamental import pitch


def buzz(hertz, seconds: float = 2.0):
    """Return a buzz whose pitch is hertz(t)."""
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(hertz(t)) / RATE
    return 0.05 * sum(np.sin(k * phase) / k for k in range(1, 20))


def course(t):
    return 150 + 50 * np.sin(2 * np.pi * 0.8 * t)


@pytest.mark.parametrize("low", [70, 110, 180, 300])
def test_a_pitch_is_found_to_a_few_cents(low):
    found = pitch(buzz(lambda t: low * 2 ** (0.2 * t)))[8:-8]
    when = (np.arange(found.size) + 8 + 0.5) / 100
    cents = 1200 * np.log2(found / (low * 2 ** (0.2 * when)))
    assert (found > 0).all() and np.sqrt(np.mean(cents**2)) < 8


@pytest.mark.parametrize("cents", [50, -100, 300])
def test_a_shift_of_pitch_is_the_error_in_cents(cents):
    x = buzz(course)
    found = f0(x, buzz(lambda t: course(t) * 2 ** (cents / 1200)), RATE)
    assert found.cents == pytest.approx(abs(cents), abs=3)
    assert found.hertz == pytest.approx(152 * abs(2 ** (cents / 1200) - 1), rel=0.1)
    assert found.correlation > 0.99 and found.voicing < 5


def test_a_turned_course_correlates_negatively():
    found = f0(buzz(course), buzz(lambda t: 300 - course(t)), RATE)
    assert found.correlation < -0.95


def test_a_lost_voice_is_the_voicing_error():
    x = buzz(course)
    y = np.where(np.arange(x.size) < x.size // 2, x, noise(x.size, 1e-3))
    found = f0(x, y, RATE)
    assert found.voicing == pytest.approx(50, abs=4) and found.cents < 20


def test_all_three_are_of_one_comparison():
    x, y = buzz(course), buzz(lambda t: course(t) * 1.1) + noise(2 * RATE, 1e-5)
    found = f0(x, y, RATE)
    named = [score(f"f0_{name}", x, y, RATE) for name in ("cents", "correlation", "voicing")]
    assert named == [found.cents, found.correlation, found.voicing]


def test_no_pitch_to_compare_is_a_reason():
    x = buzz(course)
    for pair in ((x, noise(x.size)), (noise(x.size), x)):
        for measure in (f0, *(lambda *a, n=n: score(n, *a) for n in ("f0_cents", "f0_voicing"))):
            with pytest.raises(MeasureError, match="^f0 needs 10 points .* with a pitch in both"):
                measure(*pair, RATE)


def test_a_long_recording_is_looked_at_in_blocks():
    x = np.tile(voice(2.0), 16)
    assert x.size > 30 * RATE and pitch(x).size == 4 * (x.size // 640)
    assert np.array_equal(pitch(x[640 * 740 :])[8:80], pitch(x)[4 * 740 + 8 : 4 * 740 + 80])
