"""The sounds of a trial: one length, lined up, equally loud, never clipped; bad input is named."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.evaluate.listening.made_up import RATE, changed, sound, trial
from vocable import Audio, MeasureError
from vocable.evaluate.listening.stimuli import PEAK, Trial, stimuli_of, wav_of
from vocable.measures.loudness import loudness


def test_all_sounds_are_as_loud_as_the_reference():
    reference = sound()
    quiet, noisy = changed(reference, gain=0.05), changed(reference, noise=0.05)
    made = stimuli_of(trial(quiet=quiet, noisy=noisy))
    found = {name: loudness(audio) for name, audio in made.sounds.items()}
    assert found == pytest.approx(dict.fromkeys(found, -23.0), abs=1e-3)
    assert made.gains["quiet"] - made.gains["reference"] == pytest.approx(26.02, abs=0.01)


def test_a_trial_that_would_clip_is_turned_down_whole():
    reference = sound()
    spiked = reference.samples * np.float32(0.1)
    spiked[0, 5000] = 1.0  # which is 20 dB louder after matching
    made = stimuli_of(trial(spiked=Audio(spiked, RATE)))
    assert max(np.abs(each.samples).max() for each in made.sounds.values()) <= PEAK + 1e-6
    found = [loudness(audio) for audio in made.sounds.values()]
    assert max(found) < -24 and np.ptp(found) < 1e-3


@pytest.mark.parametrize("late", [0, 37, 480])
def test_a_delay_is_put_right_to_the_sample_and_reported(late):
    reference = sound()
    made = stimuli_of(trial(late=changed(reference, late=late, gain=0.5)))
    assert made.delays["late"] == pytest.approx(late / RATE)
    end = len(reference) - late
    got, want = made.sounds["late"].samples[0], made.sounds["reference"].samples[0]
    assert got.size == want.size and np.abs(got[:end] - want[:end]).max() < 2e-3


def test_a_long_delay_is_put_right_where_nothing_is_lost():
    """As of a decoder that writes its start-up too; measures would refuse it."""
    reference = sound()
    late = Audio(np.pad(reference.samples, ((0, 0), (3200, 0))), RATE)
    made = stimuli_of(trial(late=late))
    got, want = made.sounds["late"].samples, made.sounds["reference"].samples
    assert made.delays["late"] == pytest.approx(0.2) and np.abs(got - want).max() < 1e-3


def test_an_early_one_is_put_right_too():
    reference = sound()
    early = Audio(np.pad(reference.samples[:, 100:], ((0, 0), (0, 100))), RATE)
    made = stimuli_of(trial(early=early))
    got, want = made.sounds["early"].samples[0], made.sounds["reference"].samples[0]
    assert made.delays["early"] == pytest.approx(-100 / RATE)
    assert np.abs(got[100:] - want[100:]).max() < 2e-3


def test_other_rates_and_channels_become_those_of_the_reference():
    reference = sound(channels=2)
    low = reference.resample(8_000).mono()
    made = stimuli_of(Trial("clip", reference, {"low": low}))
    assert {(a.rate, a.channels, len(a)) for a in made.sounds.values()} == {(RATE, 2, 24_000)}


def test_long_recordings_are_cut_at_twelve_seconds():
    reference = sound(seconds=13)
    late = Audio(np.pad(reference.samples, ((0, 0), (800, 0))), RATE)
    made = stimuli_of(Trial("clip", reference, {"late": late}))
    got, want = made.sounds["late"].samples, made.sounds["reference"].samples
    assert made.seconds == 12 and got.shape == want.shape and np.abs(got - want).max() < 1e-3


def test_files_are_read(tmp_path: Path):
    sound().save(tmp_path / "a.wav")
    assert stimuli_of(Trial("a", tmp_path / "a.wav", {"same": tmp_path / "a.wav"})).seconds == 1.5


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (Audio(np.zeros(24_000, np.float32), RATE), "^one: what it made is silent"),
        (changed(sound(), late=3200), "^one: what it made is 0.20 s shorter than the reference"),
        (sound(seconds=1.2), "^one: what it made is 0.30 s shorter than the reference, lined up"),
        (sound(seconds=1.7), "^one: what it made is 0.20 s longer than the reference"),
    ],
)
def test_what_cannot_be_compared_is_named(made, message):
    with pytest.raises(MeasureError, match=message):
        stimuli_of(trial(one=made))


def test_references_that_nobody_can_judge_by_are_refused():
    with pytest.raises(MeasureError, match=r"the reference lasts 0.90 s, wanted 1 s"):
        stimuli_of(Trial("clip", sound(seconds=0.9), {"one": sound(seconds=0.9)}))
    silent = Audio(np.zeros(24_000, np.float32), RATE)
    with pytest.raises(MeasureError, match="the reference is silent"):
        stimuli_of(Trial("clip", silent, {"one": sound()}))


def test_dither_differs_and_changes_at_most_two_steps():
    audio, rng = sound(), np.random.default_rng(0)
    first, second = wav_of(audio, rng), wav_of(audio, rng)
    assert first != second and len(first) == len(second)
    read, rate = soundfile.read(io.BytesIO(first))
    assert rate == RATE and np.abs(read - audio.samples[0]).max() <= 1.6 / 32768
