"""`unit-voice-16k@1` says units as long as the recording was, in the range of the voice."""

from pathlib import Path

import numpy as np
import pytest

import vocable
from vocable.audio import Audio, Voice
from vocable.load import describe
from vocable.measures import fundamental

RECORDING = Path(__file__).parents[3] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def codec():
    return vocable.load("units-16k", vocoder="unit-voice-16k")


def pitch(audio: Audio) -> float:
    """Return the median of what is voiced, in Hz."""
    found = fundamental.pitch(audio.resample(16_000).samples[0])
    return float(np.median(found[found > 0]))


def test_it_is_as_long_as_the_recording_and_in_the_range_of_the_voice(codec):
    speech = Audio.read(RECORDING)
    units = codec.encode(speech)
    for times in (1.0, 1.4):
        shown = Audio(speech.samples, round(times * speech.rate)).resample(speech.rate)
        made = codec.decode(units, speaker=Voice(shown), seed=1)
        assert made.samples.shape == speech.samples.shape and made.rate == speech.rate
        assert abs(np.log2(pitch(made) / pitch(shown))) < 0.24  # octaves; between both: 0.49


def test_its_own_voices_are_by_name(codec):
    units = codec.encode(RECORDING)[:100]
    assert codec.vocoder.speakers == ("kathleen", "kerstin")
    found = [pitch(codec.decode(units, speaker=name)) for name in codec.vocoder.speakers]
    assert all(125 < each < 190 for each in found)  # women; the recording is a man's, at 116 Hz


def test_it_keeps_within_its_budget():
    folder = describe("unit-voice-16k@1").folder
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 8e6
