"""Control rows: laws, the filter of BS.1534, the values of G.711."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluate.systems.examples import check_keeps, made, recording
from vocable.audio import Audio
from vocable.evaluate.low_pass import low_pass_taps
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems import CONTROL, ORIGINAL, System, controls
from vocable.evaluate.systems.controls import mu_law

BY_NAME = {control.name: control for control in controls()}


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize(("rate", "channels"), [(7000, 1), (8000, 2), (16000, 1), (44100, 2)])
def test_controls_keep_length_time_and_level(name, rate, channels):
    control = BY_NAME[name]
    assert isinstance(control, System) and control.family == CONTROL
    check_keeps(control, recording(rate, channels))


def test_the_original_is_the_recording_and_comes_first():
    assert next(iter(BY_NAME)) == ORIGINAL
    found = made(BY_NAME[ORIGINAL], recording())
    assert found.audio == recording().audio and found.bits is None


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_the_low_anchor_is_within_the_limits_of_bs1534(rate):
    taps = low_pass_taps(3500, rate)
    assert taps.size % 2 and np.array_equal(taps, taps[::-1])  # linear phase
    gain = 20 * np.log10(np.abs(np.fft.rfft(taps, 2**17)) + 1e-12)
    hertz = np.fft.rfftfreq(2**17, 1 / rate)
    assert np.abs(gain[hertz <= 3500]).max() <= 0.1
    assert gain[hertz >= 4000].max() <= -25
    assert gain[hertz >= 4500].max(initial=-100) <= -50


def tone(hertz: float, rate: int) -> Recording:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)
    return Recording("tone", Audio(wave.astype(np.float32), rate))


@pytest.mark.parametrize(("hertz", "kept"), [(100, True), (3400, True), (4100, False)])
def test_the_low_anchor_passes_tones_below_its_edge_as_they_are(hertz, kept):
    x = tone(hertz, 48000)
    y = made(BY_NAME["low-pass 3.5 kHz"], x).audio
    inside = slice(500, -500)
    wanted = x.audio.samples[0, inside] if kept else 0
    assert np.allclose(y.samples[0, inside], wanted, atol=2e-3)


def test_resampling_twice_keeps_what_is_below_12_khz():
    control = BY_NAME["resampled 24 kHz"]
    for hertz, kept in ((10000, 0.5), (15000, 0.0)):
        y = made(control, tone(hertz, 44100)).audio.samples[0, 500:-500]
        assert np.abs(y).max() == pytest.approx(kept, abs=0.01)
    assert made(control, tone(1000, 24000)).audio == tone(1000, 24000).audio


def g711(values: np.ndarray) -> np.ndarray:
    """Return what G.711's µ-law makes of 14-bit values: table 2a/G.711, columns 2 and 8.

    Segment s (0 to 7) has 16 steps of 2 << s; 31, 95, 223 … 4063 are where the next begins.
    """
    found = []
    for value in values:
        size = min(abs(value), 8158)
        segment = next(s for s in range(8) if size < (64 << s) - 33 + (s == 7) * 33)
        start = (32 << segment) - 33
        step = 2 << segment
        number = (size - start) // step
        middle = start + number * step + step / 2
        found.append(np.sign(value) * (0 if segment == 0 and number == 0 else middle))
    return np.array(found)


def test_g711_of_the_test_has_published_values():
    # Decision values 31, 95, 223, 479 begin segments; outputs 0, 2, 33, 99, 231, 8031 of table 2a.
    assert list(g711(np.array([0, 1, 31, 95, 223, 8158]))) == [0, 2, 33, 99, 231, 8031]


def test_mu_law_is_that_of_g711():
    values = np.arange(-8158, 8159)
    values = values[(np.abs(values) % 2) == 0]  # inside of steps, whose edges are odd
    coded = mu_law((values / 8192).astype(np.float32)[None])[0] * 8192
    assert np.array_equal(np.abs(coded), np.abs(g711(values)))
    assert np.all(coded * values >= 0)
    assert len(np.unique(coded)) == 255  # +0 and -0 are one
    loud = mu_law(np.array([[2.0, -2.0]], np.float32))
    assert np.array_equal(loud, mu_law(np.array([[1.0, -1.0]], np.float32)))


def test_mu_law_costs_8_bits_a_sample_at_8_khz():
    x = recording(44100, 2)
    assert made(BY_NAME["µ-law 8 kHz"], x).bits == pytest.approx(128_000 * x.audio.seconds)
    y = made(BY_NAME["µ-law 8 kHz"], tone(5000, 44100)).audio
    assert np.abs(y.samples[:, 1000:-1000]).max() < 0.01


def test_identity_changes_with_what_is_done_and_not_otherwise():
    identities = [control.identity("talk") for control in controls()]
    assert len({str(each) for each in identities}) == len(identities)
    one = BY_NAME["low-pass 3.5 kHz"]
    assert one.identity("a") == one.identity("b")
    assert replace(one, version=2).identity("a") != one.identity("a")
