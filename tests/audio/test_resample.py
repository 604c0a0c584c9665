"""resample(whole) == cat(step(blocks), finish), and its length is ceil(samples * to / rate)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocable import Audio, AudioError
from vocable.audio import Resampler, resample, resampled_length

RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000]


def noise(channels, samples):
    rng = np.random.default_rng(samples)
    return rng.uniform(-1, 1, (channels, samples)).astype(np.float32)


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(0, 3000))
def test_the_length_is_exact_and_never_shorter_on_the_way_back(rate, to, samples):
    resampled = resample(noise(1, samples), rate, to)
    assert resampled.shape == (1, -(-samples * to // rate))
    back = resample(resampled, to, rate)
    assert samples <= back.shape[1] <= samples + -(-rate // to)


@given(
    st.sampled_from(RATES),
    st.sampled_from(RATES),
    st.lists(st.sampled_from([0, 1, 7, 160, 441, 1000, 5000]), max_size=8),
    st.integers(1, 3),
)
def test_blocks_give_the_same_bits_as_one_go(rate, to, sizes, channels):
    x = noise(channels, sum(sizes))
    resampler = Resampler(rate, to, channels)
    blocks = [resampler.step(block) for block in np.split(x, np.cumsum(sizes)[:-1], axis=1)]
    joined = np.concatenate([*blocks, resampler.finish()], axis=1)
    np.testing.assert_array_equal(joined, resample(x, rate, to))


def test_steps_give_samples_before_the_end():
    resampler = Resampler(48000, 16000, 1)
    given_early = sum(resampler.step(noise(1, 480)).shape[1] for _ in range(100))
    assert 15500 < given_early < 16000


@pytest.mark.parametrize(("rate", "to"), [(44100, 16000), (16000, 44100), (48000, 16000)])
def test_a_tone_keeps_its_phase_and_level(rate, to):
    def tone(hz):
        return np.sin(2 * np.pi * 440 * np.arange(hz, dtype=np.float64) / hz)[None]

    error = resample(tone(rate).astype(np.float32), rate, to) - tone(to)
    assert np.abs(error[:, to // 10 : -to // 10]).max() < 1e-4


def test_frequencies_above_half_the_new_rate_are_removed():
    tone = np.sin(2 * np.pi * 9000 * np.arange(48000) / 48000).astype(np.float32)[None]
    assert np.abs(resample(tone, 48000, 16000)[:, 1000:-1000]).max() < 1e-4


def test_the_same_rate_gives_the_same_samples():
    x = noise(2, 1000)
    np.testing.assert_array_equal(resample(x, 16000, 16000), x)
    audio = Audio(x, 16000)
    assert audio.resample(16000) is audio
    assert audio.resample(8000).rate == 8000


def test_hours_keep_their_length():
    eight_hours = 8 * 3600 * 44100
    assert resampled_length(eight_hours, 44100, 16000) == 8 * 3600 * 16000


def test_a_finished_resampler_refuses_more():
    resampler = Resampler(8000, 16000, 1)
    resampler.finish()
    assert resampler.finish().shape == (1, 0)
    with pytest.raises(AudioError, match="has finished its recording"):
        resampler.step(noise(1, 10))


def test_another_number_of_channels_is_refused():
    with pytest.raises(AudioError, match="block has 2 channels, the recording 1"):
        Resampler(8000, 16000, 1).step(noise(2, 10))
