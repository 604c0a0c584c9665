"""What a recording holds: speech or not, and where its band ends, whatever its rate and level."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.measures.signals import RATE, noise
from vocable.errors import MeasureError
from vocable.measures import Content, Listener, describe_content

SPEECH, _ = soundfile.read(Path(__file__).parents[2] / "examples" / "speech.flac")
TIME = np.arange(5 * RATE) / RATE
ORGAN = (1 + 0.3 * np.sin(2 * np.pi * 0.5 * TIME)) * sum(
    0.05 / k * np.sin(2 * np.pi * k * f * TIME) for f in (220, 277, 330) for k in range(1, 12)
)
OTHERS = {
    "white noise": noise(5 * RATE),
    "brown noise": 0.01 * np.cumsum(noise(5 * RATE)),
    "a tone": 0.3 * np.sin(2 * np.pi * 220 * TIME),
    "an organ": ORGAN,
    "clicks": np.where(np.arange(5 * RATE) % 4000 == 0, 0.5, 0.0),
}


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 24_000, 44_100, 48_000])
def test_speech_is_speech_at_any_rate(rate):
    assert describe_content(soxr.resample(SPEECH, RATE, rate), rate).speech is True


@pytest.mark.parametrize("gain", [1e-3, 0.1, 1.5])
def test_speech_is_speech_at_any_level(gain):
    assert describe_content(gain * SPEECH, RATE).speech is True


def test_speech_in_some_noise_is_speech():
    assert describe_content(SPEECH + noise(SPEECH.size, 1e-5), RATE).speech is True


@pytest.mark.parametrize("name", OTHERS)
def test_other_sounds_are_not(name):
    assert describe_content(OTHERS[name], RATE).speech is False


def test_too_little_is_not_judged():
    assert describe_content(SPEECH[: RATE - 1], RATE).speech is None
    assert describe_content(np.zeros(5 * RATE), RATE) == Content(None, None)
    assert describe_content(SPEECH[20_000:20_001], RATE) == Content(None, None)


@pytest.mark.parametrize(("through", "end"), [(8000, 4000), (12_000, 6000), (16_000, 8000)])
def test_the_band_ends_where_the_sound_was_cut(through, end):
    x = soxr.resample(soxr.resample(SPEECH, RATE, through), through, RATE)[: SPEECH.size]
    assert describe_content(x, RATE).band_end == pytest.approx(end, rel=0.1)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(MeasureError, match="from 8000 Hz up, got 6000 Hz"):
        describe_content(SPEECH, 6000)
    with pytest.raises(MeasureError, match="one channel"):
        describe_content(np.zeros((2, 9)), RATE)


def listen(x, size: int) -> Content:
    listener = Listener(RATE)
    for start in range(0, x.shape[-1], size):
        listener(x[..., start : start + size].astype(np.float32))
    return listener.finish()


@pytest.mark.parametrize("size", [1000, 7 * RATE, 100 * RATE])
def test_a_recording_in_blocks_of_any_size_is_heard_alike(size):
    music, long = np.tile(ORGAN, 5), np.tile(SPEECH, 4)
    assert listen(music, size).speech is False
    assert listen(np.concatenate([music[: 10 * RATE], long]), size).speech is True
    assert listen(np.concatenate([long, music]), size).speech is True
    assert listen(np.stack([[SPEECH], [SPEECH]]), size) == listen(SPEECH, size)


def test_after_the_first_minute_it_does_not_listen_on():
    music = np.tile(ORGAN, 12)
    assert listen(np.concatenate([music, np.tile(SPEECH, 4)]), RATE).speech is False


def test_a_recording_of_nothing_says_nothing():
    assert Listener(RATE).finish() == Content(None, None)
