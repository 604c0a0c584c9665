"""Anchors: the filter that BS.1534-3 asks for, in time with the reference."""

import numpy as np
import pytest

from tests.evaluate.listening.made_up import sound
from vocable import Audio
from vocable.evaluate.listening.anchors import LOW, MID, anchors_of
from vocable.evaluate.low_pass import low_pass
from vocable.measures.delays import delay


def response(cutoff: int, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and the response of the filter in dB."""
    impulse = np.zeros((1, 2 * rate), np.float32)
    impulse[0, rate] = 1
    samples = low_pass(Audio(impulse, rate), cutoff).samples[0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples))
    return np.fft.rfftfreq(samples.size, 1 / rate), 20 * np.log10(np.maximum(spectrum, 1e-9))


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("cutoff", [3500, 7000])
def test_the_filter_is_that_of_the_recommendation(cutoff, rate):
    hz, db = response(cutoff, rate)
    assert np.abs(db[hz <= cutoff]).max() < 0.1
    assert db[hz >= cutoff + 500].max() < -25
    if rate > 16_000:
        assert db[hz >= cutoff + 1000].max() < -50


def test_an_anchor_comes_when_the_reference_does():
    reference = sound()
    for anchor in anchors_of(reference).values():
        assert len(anchor) == len(reference) and anchor.rate == reference.rate
        assert delay(reference.samples[0], anchor.samples[0], 100) == 0


def test_channels_stay_apart():
    stereo = sound(channels=2)
    left = low_pass(Audio(stereo.samples[:1], stereo.rate), 3500)
    assert np.array_equal(low_pass(stereo, 3500).samples[0], left.samples[0])


@pytest.mark.parametrize(
    ("rate", "names"), [(8_000, {LOW}), (14_000, {LOW}), (16_000, {LOW, MID}), (48_000, {LOW, MID})]
)
def test_an_anchor_that_leaves_nothing_out_is_left_out(rate, names):
    assert anchors_of(sound(rate=rate)).keys() == names
