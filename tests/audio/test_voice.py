"""A recording of a voice is checked before a model is shown it."""

import logging

import numpy as np
import pytest

import vocable
from vocable.errors import AudioError


def tone(seconds=2.0, rate=16_000, level=0.1, channels=1):
    times = np.arange(round(seconds * rate)) / rate
    return np.tile(level * np.sin(2 * np.pi * 220 * times), (channels, 1)), rate


def test_what_fits_is_kept_as_it_is(caplog):
    samples, rate = tone()
    voice = vocable.Voice.from_recording((samples, rate), " So. ")
    assert np.array_equal(voice.audio.samples, samples.astype(np.float32))
    assert voice.audio.rate == rate and voice.text == "So." and not caplog.records


def test_what_can_be_mended_is_mended_and_told(caplog):
    caplog.set_level(logging.WARNING, "vocable")
    voice = vocable.Voice.from_recording(tone(31, channels=2, level=0.005))
    assert voice.audio.seconds == 30 and voice.audio.samples.shape[0] == 1
    level = np.sqrt(np.mean(voice.audio.samples**2))
    assert 20 * np.log10(level) == pytest.approx(-23, abs=0.1)
    told = [record.getMessage() for record in caplog.records]
    assert [each[:14] for each in told] == ["the 2 channels", "the voice is t", "the voice is q"]


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (tone(rate=8_000), "is recorded at 8000 Hz; give a recording of 16000 or more"),
        (tone(0.5), "is heard for 0.50 s; give 1 s or more"),
        (tone(level=0.0), "is silent; give one in which somebody speaks"),
        ((np.clip(tone()[0] * 20, -1, 1), 16_000), "samples of the voice are clipped"),
    ],
)
def test_what_a_model_would_learn_wrongly_is_refused(recording, message):
    with pytest.raises(AudioError, match=message):
        vocable.Voice.from_recording(recording)
