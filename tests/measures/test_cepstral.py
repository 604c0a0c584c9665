"""Mel-cepstral distortion: the warping against its definition, the level, and what is left out."""

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.measures import mcd
from vocable.measures.cepstral import mel_cepstra, warping_matrix


def test_no_warping_keeps_the_first_coefficients():
    assert np.array_equal(warping_matrix(9, 4, 0.0), np.eye(9)[:, :4])


def test_a_warped_cepstrum_is_the_same_spectrum_on_a_warped_axis():
    cepstrum = noise(6, 1.0)
    a = 0.41
    omega = np.linspace(0, np.pi, 50)
    warped = omega + 2 * np.arctan2(a * np.sin(omega), 1 - a * np.cos(omega))
    kept = cepstrum @ warping_matrix(6, 200, a)
    spectrum = cepstrum @ np.cos(np.outer(np.arange(6), omega))
    assert kept @ np.cos(np.outer(np.arange(200), warped)) == pytest.approx(spectrum, abs=1e-9)


class TestMcd:
    @pytest.fixture(autouse=True)
    def package(self):
        pytest.importorskip("pyworld")

    def test_a_louder_recording_differs_in_the_zeroth_alone(self):
        x = voice() + noise(2 * RATE, 1e-6)
        change = mel_cepstra(2 * x) - mel_cepstra(x)
        assert change[:, 0] == pytest.approx(np.log(2), abs=1e-3)
        assert np.abs(change[:, 1:]).max() < 1e-3
        assert mcd(x, 2 * x, RATE) < 0.01

    def test_a_tilted_spectrum_costs_what_its_cepstrum_says(self):
        x = voice() + noise(2 * RATE, 1e-6)
        y = np.append(x[0], x[1:] - 0.5 * x[:-1])  # its cepstrum is -0.5^n / n
        n = np.arange(1, 513)
        change = np.append(0.0, -(0.5**n) / n) @ warping_matrix(513, 25, 0.41)
        expected = 10 / np.log(10) * np.sqrt(2 * np.sum(change[1:] ** 2))
        assert mcd(x, y, RATE) == pytest.approx(expected, rel=0.05)
