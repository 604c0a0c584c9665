"""SI-SDR, SNR and the segmental SNR: definitions, limits, invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import segmental_snr, si_sdr, snr


def test_si_sdr_of_itself_is_capped():
    assert si_sdr(voice(), voice(), RATE) == 100.0
    assert si_sdr(voice(), -0.3 * voice(), RATE) == 100.0


def test_si_sdr_of_orthogonal_noise_is_the_ratio_of_powers():
    t = np.arange(RATE) / RATE
    x, y = np.sin(2 * np.pi * 100 * t), 0.1 * np.sin(2 * np.pi * 200 * t)
    assert si_sdr(x, x + y, RATE) == pytest.approx(20.0, abs=1e-9)
    assert snr(x, x + y, RATE) == pytest.approx(20.0, abs=1e-9)
    assert si_sdr(x, y, RATE) == -100.0


@pytest.mark.parametrize("zero_mean", [True, False])
def test_si_sdr_follows_the_formula(zero_mean):
    x, y = 0.02 + voice(), voice() + noise(2 * RATE, power=0.01)
    a, b = (x - x.mean(), y - y.mean()) if zero_mean else (x, y)
    scaled = a * (a @ b) / (a @ a)
    expected = 10 * np.log10((scaled @ scaled) / ((scaled - b) @ (scaled - b)))
    assert si_sdr(x, y, RATE, zero_mean=zero_mean) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.01, 100.0), offset=st.floats(-0.5, 0.5))
def test_si_sdr_ignores_gain_and_offset(gain, offset):
    x, y = voice(0.2), voice(0.2) + noise(3200)
    assert si_sdr(x, gain * y + offset, RATE) == pytest.approx(si_sdr(x, y, RATE), abs=1e-6)


def test_snr_follows_the_formula_and_is_capped():
    x, y = voice(), 0.5 * voice() + noise(2 * RATE, power=0.01)
    expected = 10 * np.log10((x @ x) / ((x - y) @ (x - y)))
    assert snr(x, y, RATE) == pytest.approx(expected, abs=1e-12)
    assert snr(x, x, RATE) == 100.0
    assert snr(2e-5 * x / np.std(x), 15 * np.sign(x), RATE) == -100.0


def test_segmental_snr_is_the_mean_of_limited_frames():
    x = np.where(np.arange(2 * RATE) % 8000 < 6000, voice(), 1e-6)
    y = x + noise(2 * RATE, power=1e-3)
    ratios = []
    for start in range(0, x.size - 511, 256):
        a, b = (s[start : start + 512] for s in (x, y))
        if a @ a > 1e-6 * max(np.sum(x[i : i + 512] ** 2) for i in range(0, x.size - 511, 256)):
            ratios.append(np.clip(10 * np.log10((a @ a) / ((a - b) @ (a - b))), -10, 35))
    assert len(ratios) < 110  # of 124: the pauses are left out
    assert segmental_snr(x, y, RATE) == pytest.approx(np.mean(ratios), abs=1e-9)


def test_a_frame_of_segmental_snr_counts_no_more_than_its_limits():
    x = noise(RATE, 1e-2)
    assert segmental_snr(x, x, RATE) == 35.0
    assert segmental_snr(x, -9 * x, RATE) == -10.0
    half = np.concatenate([x[:8192], -9 * x[8192:]])
    assert -10 < segmental_snr(x, half, RATE) < 35


def test_a_pause_of_the_reference_does_not_count_in_segmental_snr():
    x = np.concatenate([noise(8192, 1e-2), noise(8192, 1e-10)])
    y = x + np.concatenate([np.zeros(8192), noise(8192, 1e-4)])
    assert segmental_snr(x, y, RATE) > 33  # only the frame across the edge has noise


@pytest.mark.parametrize("measure", [snr, segmental_snr])
def test_integer_scale_is_refused_where_the_level_counts(measure):
    with pytest.raises(MeasureError, match=r"reaches .*, far beyond ±1; .* / 32768"):
        measure(32768 * voice(), 32768 * voice(), RATE)
