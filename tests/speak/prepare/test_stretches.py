"""Where somebody speaks: to 20 ms, though a network says it late and in frames of 32 ms."""

import numpy as np
import pytest
import soundfile

from tests.speak.prepare.talk import RATE, talk, write
from vocable.errors import AudioError
from vocable.speak.prepare.activity import FRAME, energy, load_activity
from vocable.speak.prepare.scan import scan
from vocable.speak.prepare.stretches import stretches

EDGES = [(0.3, 1.32), (1.82, 2.48), (3.48, 3.78)]  # of the talk below
TALK = talk("one two three", 0.5, "four. five", 1.0, "six.")


def late(samples: np.ndarray) -> np.ndarray:
    """Say so three frames late, and slowly, as networks do."""
    found = np.concatenate([np.zeros(3), energy(samples)])[: samples.size // FRAME]
    return np.convolve(found, [0.5, 0.3, 0.2])[: found.size]


@pytest.mark.parametrize("activity", [energy, late])
@pytest.mark.parametrize("level", [1.0, 0.05])
def test_edges_are_those_of_the_sound(tmp_path, activity, level):
    path = write(tmp_path / "talk.wav", level * TALK)
    found = stretches(scan(path, activity, 8000), 0.2)
    assert len(found) == len(EDGES)
    for stretch, (begin, end) in zip(found, EDGES, strict=True):
        assert stretch.begin == pytest.approx(begin, abs=0.021)
        assert stretch.end == pytest.approx(end, abs=0.021)


def test_shorter_pauses_are_none(tmp_path):
    path = write(tmp_path / "talk.wav", TALK)
    assert len(stretches(scan(path, energy, 8000), 0.6)) == 2


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_long_recording_is_gone_through_in_pieces(tmp_path, rate):
    """Across the seams of pieces of 96 s, and at other rates, nothing is lost or moved."""
    parts = [("one two three", 1.0)] * 110
    whole = talk(*(x for part in parts for x in part), rate=rate)
    path = write(tmp_path / "long.wav", whole, rate)
    seen = []

    def noted(samples):
        seen.append(samples.size)
        return energy(samples)

    found = stretches(scan(path, noted, 8000), 0.2)
    assert max(seen) <= 100 * RATE and len(seen) >= 3
    begins = 0.3 + 2.02 * np.arange(len(parts))
    assert np.abs(np.array([each.begin for each in found]) - begins).max() < 0.025


def test_what_never_pauses_or_is_silent_does_not_speak():
    noise = np.random.default_rng(0).normal(size=200 * FRAME).astype(np.float32)
    assert not energy(0.1 * noise).any() and not energy(np.zeros(200 * FRAME, np.float32)).any()


def test_low_rates_are_refused_by_the_header(tmp_path):
    soundfile.write(tmp_path / "low.wav", np.zeros(4000), 4000)
    with pytest.raises(AudioError, match="has 4000 Hz, and a voice needs 16000 Hz at least"):
        scan(tmp_path / "low.wav", energy, 16_000)


def test_silero_passes_over_music_and_hears_speech():
    pytest.importorskip("faster_whisper")
    from pathlib import Path

    from vocable.audio import Audio

    speech = Audio.read(Path(__file__).parents[3] / "examples" / "speech.flac").samples[0]
    guitar = (
        Audio.read(Path(__file__).parents[3] / "examples" / "guitar.flac").mono().resample(RATE)
    )
    silero = load_activity("silero")
    whole = [np.pad(each, (0, -each.size % FRAME)) for each in (speech, guitar.samples[0])]
    kept = whole[0].copy()
    said, played = (silero(each) for each in whole)
    assert (said > 0.5).mean() > 0.6 and (played > 0.5).mean() < 0.1
    assert np.array_equal(whole[0], kept)
