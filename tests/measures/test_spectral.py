"""Spectral distances: zero for identity, exact for a change of level, frozen elsewhere."""

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import log_spectral_distance, mel_distance
from vocable.measures.spectral import MEL_SCALES, magnitudes, mel_filters


def mel(x, y):
    return mel_distance(x, y, RATE)


@pytest.mark.parametrize("distance", [mel, log_spectral_distance])
def test_identity_is_zero_and_sides_are_equal(distance):
    x, y = voice(), voice() + noise(2 * RATE)
    assert distance(x, x) == 0.0
    assert distance(x, y) == distance(y, x) > 0.0


@pytest.mark.parametrize("distance", [mel, log_spectral_distance])
def test_more_noise_is_further_away(distance):
    x = voice()
    distances = [distance(x, x + noise(2 * RATE, power)) for power in (1e-6, 1e-4, 1e-2)]
    assert distances == sorted(distances)


def test_ten_times_the_level_is_one_per_scale_in_mel_and_two_in_power():
    x = noise(2 * RATE, power=0.05)  # loud and white, so that no band lies at the floor
    assert mel(x, 10 * x) == pytest.approx(len(MEL_SCALES), abs=1e-9)
    assert log_spectral_distance(x, 10 * x) == pytest.approx(2.0, abs=1e-9)


def test_silence_stands_at_the_floor():
    x, silence = noise(2 * RATE, power=0.05), np.zeros(2 * RATE)  # x has no band below the floor
    mels = [magnitudes(x, n, n // 4) @ mel_filters(RATE, n, bands) for n, bands in MEL_SCALES]
    assert mel(x, silence) == pytest.approx(sum(np.mean(np.log10(m) + 5) for m in mels), abs=1e-9)
    power = 2 * np.log10(magnitudes(x, 2048, 512)) + 8
    expected = np.mean(np.sqrt(np.mean(power**2, axis=1)))
    assert log_spectral_distance(x, silence) == pytest.approx(expected, abs=1e-9)


def test_magnitudes_equal_a_plain_transform_frame_by_frame():
    x = noise(300)
    padded = np.concatenate([x[16:0:-1], x, x[-2:-18:-1]])
    hann = np.hanning(33)[:-1]
    plain = [np.abs(np.fft.rfft(padded[i : i + 32] * hann)) for i in range(0, 301, 8)]
    assert np.allclose(magnitudes(x, 32, 8), plain, atol=1e-12)


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 44100])
@pytest.mark.parametrize(("window", "bands"), MEL_SCALES)
def test_no_mel_band_is_empty(rate, window, bands):
    filters = mel_filters(rate, window, bands)
    assert filters.shape == (window // 2 + 1, bands)
    assert (filters.sum(axis=0) > 0).all()


def test_mel_filters_equal_published_values():
    # librosa 0.11: librosa.filters.mel(sr=16000, n_fft=64, n_mels=10), each band's peak and where.
    peaks = [1, 2, 3, 4, 6, 8, 10, 14, 18, 24]
    heights = [3.3247150e-3, 3.0026699e-3, 2.6411857e-3, 1.9516303e-3, 2.2121337e-3,
               1.6397126e-3, 1.1791179e-3, 9.5047604e-4, 7.3755399e-4, 5.6728086e-4]  # fmt: skip
    filters = mel_filters(16000, 64, 10)
    assert filters.argmax(axis=0).tolist() == peaks
    assert filters.max(axis=0) == pytest.approx(heights, rel=1e-6)


@pytest.mark.parametrize("distance", [mel, log_spectral_distance])
def test_less_than_a_window_is_refused(distance):
    with pytest.raises(MeasureError, match="at least 2048 samples, one whole window, got 2047"):
        distance(voice()[:2047], voice()[:2047])


@pytest.mark.parametrize("rate", [1000, 7999])
def test_mel_needs_a_rate(rate):
    with pytest.raises(
        MeasureError, match=f"mel_distance is defined from 8000 Hz up, got {rate} Hz"
    ):
        mel_distance(voice(), voice(), rate)
