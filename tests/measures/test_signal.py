"""SI-SDR and the delay: definitions, limits, invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import delay, si_sdr


def test_si_sdr_of_itself_is_capped():
    assert si_sdr(voice(), voice()) == 100.0
    assert si_sdr(voice(), -0.3 * voice()) == 100.0


def test_si_sdr_of_orthogonal_noise_is_the_ratio_of_powers():
    t = np.arange(RATE) / RATE
    x, y = np.sin(2 * np.pi * 100 * t), 0.1 * np.sin(2 * np.pi * 200 * t)
    assert si_sdr(x, x + y) == pytest.approx(20.0, abs=1e-9)


def test_si_sdr_follows_the_formula():
    x, y = voice(), voice() + noise(2 * RATE, power=0.01)
    a, b = x - x.mean(), y - y.mean()
    scaled = a * (a @ b) / (a @ a)
    expected = 10 * np.log10((scaled @ scaled) / ((scaled - b) @ (scaled - b)))
    assert si_sdr(x, y) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.01, 100.0), offset=st.floats(-0.5, 0.5))
def test_si_sdr_ignores_gain_and_offset(gain, offset):
    x, y = voice(0.2), voice(0.2) + noise(3200)
    assert si_sdr(x, gain * y + offset) == pytest.approx(si_sdr(x, y), abs=1e-6)


def test_si_sdr_of_a_silent_or_constant_signal_is_refused():
    for y in (np.zeros(RATE), np.full(RATE, 0.5)):
        with pytest.raises(MeasureError, match="needs sound on both sides"):
            si_sdr(voice(1.0), y)


@settings(max_examples=25, deadline=None)
@given(lag=st.integers(-400, 400))
def test_delay_finds_every_lag(lag):
    source = noise(4000)
    x, y = source[500:3500], source[500 - lag : 3500 - lag]
    assert delay(x, y, 400) == lag


def test_delay_looks_no_further_than_its_limit():
    source = noise(4000)
    assert abs(delay(source[500:3500], source[200:3200], 10)) <= 10
    with pytest.raises(MeasureError, match="limit must be from 0 to 2999 samples, got 3000"):
        delay(source[:3000], source[:3000], 3000)
