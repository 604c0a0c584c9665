"""Checks of a snippet against signals whose numbers are known."""

from dataclasses import replace

import numpy as np
import pytest

from vocable.audio import Audio
from vocable.measures import Word
from vocable.speak.prepare import Settings
from vocable.speak.prepare.checks import checks_of, faults
from vocable.speak.prepare.cuts import Breath, Cut
from vocable.speak.prepare.scan import TICK, Scan

RATE = 16_000
GOOD = {"loudness": -20.0, "peak": -3.0, "clipped": 0.0, "snr": 40.0, "band": 7000.0}


def cut(text: str = "Ten words are in three seconds here, as people speak.", seconds=3.0) -> Cut:
    breath = Breath(0.5, 0.5 + seconds, (Word(0.5, 0.5 + seconds, f" {text}", 0.9),), 0.5, 0.5)
    return Cut(0.35, 0.65 + seconds, (breath,))


def scanned(speech: float, noise: float) -> Scan:
    powers = np.full(450, noise)
    powers[50:350] = speech + noise
    return Scan(4.5, RATE, 1, np.ones(141), powers, True)


@pytest.mark.parametrize("decibels", [3.0, 15.0, 40.0])
def test_the_ratio_is_that_of_speech_to_noise(decibels):
    sound = Audio(0.1 * np.ones((1, RATE)), RATE)
    found = checks_of(cut(), sound, scanned(10 ** (decibels / 10) * 1e-5, 1e-5))
    assert found["snr"] == pytest.approx(decibels, abs=0.2)
    assert TICK == RATE // 100


def test_digital_silence_has_a_ratio_that_json_can_hold():
    assert checks_of(cut(), Audio(0.1 * np.ones((1, RATE)), RATE), scanned(0.1, 0.0))["snr"] == 99.0


def test_loudness_peak_band_and_clipping():
    time = np.arange(3 * RATE) / RATE
    sine = 0.5 * np.sin(2 * np.pi * 1000 * time)
    found = checks_of(cut(), Audio(sine[None].astype(np.float32), RATE), scanned(1e-2, 1e-6))
    assert found["loudness"] == pytest.approx(-3.01 - 6.02, abs=0.1)  # BS.1770
    assert found["peak"] == pytest.approx(-6.02, abs=0.1)
    assert found["band"] == pytest.approx(1000, abs=50) and found["clipped"] == 0.0
    loud = np.clip(4 * sine, -1, 1)
    found = checks_of(cut(), Audio(loud[None].astype(np.float32), RATE), scanned(1e-2, 1e-6))
    assert found["clipped"] == pytest.approx(float((np.abs(loud) >= 0.9999).mean()), abs=1e-3)
    touched = np.zeros(RATE)
    touched[[100, 101, 500]] = 1.0  # a peak that was fitted to full scale
    found = checks_of(cut(), Audio(touched[None].astype(np.float32), RATE), scanned(1e-2, 1e-6))
    assert found["clipped"] == 0.0


def test_a_good_snippet_has_no_fault():
    assert list(faults(cut(), GOOD, Settings())) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"clipped": 0.002}, "clipped"),
        ({"snr": 14.0}, "noise less than 15 dB below the voice"),
        ({"loudness": -51.0}, "below -50 LUFS"),
    ],
)
def test_each_limit_has_its_words(change, fault):
    assert list(faults(cut(), GOOD | change, Settings())) == [fault]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("I am going to show you how to do it, and " * 3, 8.0),  # in circles
        ("What nobody can say in half a second, however fast.", 0.9),
        ("No.", 9.0),
    ],
)
def test_a_text_that_cannot_be_right(text, seconds):
    assert "a text that cannot be right" in list(faults(cut(text, seconds), GOOD, Settings()))


def test_lengths():
    short = replace(cut(), begin=0.6, end=1.4)
    assert "shorter than 1 s" in list(faults(short, GOOD, Settings()))
    assert "no pause for 30 s" in list(faults(replace(cut(), end=31.0), GOOD, Settings()))
