"""A delay is found, of codecs that keep the waveform and of vocoders, and nothing else moves."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import delay, find_delay
from vocable.measures.delays import _levels


def shifted(x, samples: int):
    """Return a recording that comes so many samples late, or early, at its length."""
    pause = np.zeros(abs(samples))
    return np.concatenate([pause, x])[: x.size] if samples >= 0 else np.append(x[-samples:], pause)


def speech(seconds: float = 2.0):
    """Return made-up speech: bursts of noise in wandering bands, with pauses between them."""
    rng = np.random.RandomState(3)
    x = np.zeros(round(seconds * RATE))
    for start in range(800, x.size - 4000, 2400):
        size, hz = rng.randint(800, 2200), rng.uniform(200, 4000)
        t = np.arange(size) / RATE
        burst = np.sin(2 * np.pi * (hz + rng.uniform(-200, 200) * t) * t) * np.hanning(size)
        x[start : start + size] += 0.3 * burst
    return x


def vocoded(x, seed: int = 5):
    """Return a recording with other phases: what a vocoder gives back."""
    size, hop = 512, 128
    hann = np.hanning(size + 1)[:-1]
    padded = np.pad(x, size)
    y = np.zeros(padded.size)
    rng = np.random.RandomState(seed)
    for start in range(0, padded.size - size, hop):
        spectrum = np.abs(np.fft.rfft(padded[start : start + size] * hann))
        turned = spectrum * np.exp(2j * np.pi * rng.uniform(size=spectrum.size))
        y[start : start + size] += np.fft.irfft(turned) * hann
    return y[size : size + x.size] + 1e-5 * rng.standard_normal(x.size)


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


@pytest.mark.parametrize("lag", [0, 1, -1, 16, -100, 800, 4000, -4000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_kept_waveform_tells_its_delay_to_the_sample(lag, sign):
    x = speech()
    y = sign * 0.7 * shifted(x, lag) + noise(x.size, 1e-4)
    assert find_delay(x, y, RATE) == lag / RATE


@pytest.mark.parametrize("late", [0.01, 0.03, -0.02, 0.2])
def test_a_vocoder_tells_its_delay_to_two_milliseconds(late):
    x = speech()
    y = shifted(vocoded(x), round(late * RATE))
    assert find_delay(x, y, RATE) == pytest.approx(late, abs=0.002)


def test_a_vocoder_in_time_is_not_moved():
    x = speech()
    assert [find_delay(x, vocoded(x, seed), RATE) for seed in range(4)] == [0.0] * 4


def test_what_repeats_or_has_nothing_in_common_is_not_moved():
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * t)
    assert find_delay(tone, tone + noise(RATE, 0.1), RATE) == 0.0
    assert find_delay(voice(), voice() + noise(2 * RATE, 0.01), RATE) == 0.0
    assert find_delay(noise(RATE, 1e-2), noise(RATE, 1e-2, seed=9), RATE) == 0.0


def test_silence_and_too_little_have_no_delay():
    assert find_delay(np.zeros(RATE), noise(RATE), RATE) == 0.0
    assert find_delay(noise(RATE), np.full(RATE, 0.5), RATE) == 0.0
    assert find_delay(noise(99), noise(99), RATE) == 0.0


def test_levels_are_of_every_frame_once():
    x = noise(5 * RATE)
    levels = _levels(x, RATE, 16)
    assert len(levels) == (x.size - 256) // 16 + 1 == 4985
    power = np.abs(np.fft.rfft(x[16 * 3999 : 16 * 3999 + 256] * np.hanning(257)[:-1])) ** 2
    lowest = np.log(power[2:3].sum() + 1e-12)
    assert levels[3999, 0] - levels[0, 0] == pytest.approx(
        lowest - np.log(np.abs(np.fft.rfft(x[:256] * np.hanning(257)[:-1]))[2] ** 2), abs=0.05
    )


def test_a_long_recording_of_a_high_rate_takes_little_memory():
    x = noise(30 * 192_000, 1e-2)
    tracemalloc.start()
    assert find_delay(x, noise(x.size, 1e-2, seed=9), 192_000) == 0.0
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 400e6
