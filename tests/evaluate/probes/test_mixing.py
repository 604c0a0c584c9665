"""Mixtures: what they are made of, how loud, and that their parts stay apart."""

import numpy as np
import pytest
import soundfile

from vocable import MeasureError
from vocable.audio.manifest import Clip
from vocable.evaluate.probes import Mixed, Recorded
from vocable.evaluate.probes.mixing import enhancement, separation


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    return written(tmp_path_factory.mktemp("speech"), "en", rate=8000, peak=0.3)


@pytest.fixture(scope="module")
def noises(tmp_path_factory):
    return written(tmp_path_factory.mktemp("noises"), "none", rate=16_000, peak=0.9)


def written(folder, language, rate, peak) -> list[Clip]:
    """Two recordings of each of 12 owners, longer and longer from 0.5 s on."""
    clips = []
    for k in range(24):
        noise = np.random.default_rng(k).uniform(-peak, peak, int(rate * (0.5 + 0.01 * k)))
        soundfile.write(folder / f"{k}.wav", noise, rate)
        owner = f"{language}-{k // 2}"
        clips.append(Clip(folder / f"{k}.wav", speaker=owner, language=language, text="a b"))
    return clips


def test_a_mixture_is_the_sum_of_its_parts_at_its_level(speech, noises):
    both = Recorded(speech[3]), Recorded(noises[1])
    mixture, voice, noise = (Mixed(*both, 5.0, take).read() for take in ("both", "first", "second"))
    assert mixture.rate == 8000 and len(mixture) == len(voice) == 4080
    assert np.allclose(mixture.samples, voice.samples + noise.samples, atol=1e-6)
    power = [np.mean(each.samples.astype(float) ** 2) for each in (voice, noise)]
    assert 10 * np.log10(power[0] / power[1]) == pytest.approx(5.0, abs=0.01)
    assert np.abs(mixture.samples).max() <= 1


def test_all_parts_are_made_quieter_by_one_factor(noises):
    both = Recorded(noises[2]), Recorded(noises[4])
    mixture, first, second = (
        Mixed(*both, 0.0, take).read() for take in ("both", "first", "second")
    )
    assert np.abs(mixture.samples).max() == pytest.approx(1, abs=1e-4)
    assert np.allclose(mixture.samples, first.samples + second.samples, atol=1e-6)


def test_neither_voices_nor_noises_of_the_test_are_in_train(speech, noises):
    task = enhancement(speech, "set", noises)
    (fold,) = task.folds
    for of in ("first", "second"):
        train, test = (
            {getattr(each.sound, of).clip.speaker for each in part}
            for part in ((*fold.train, *fold.valid), fold.test)
        )
        assert train and test and not train & test
    levels = [each.sound.decibels for each in fold.train]
    assert 0 <= min(levels) < max(levels) <= 10
    assert enhancement(speech, "set", noises).identity == task.identity


def test_two_voices_are_of_two_speakers(speech):
    (fold,) = separation(speech, "set").folds
    for each in (*fold.train, *fold.valid, *fold.test):
        assert each.sound.first.clip.speaker != each.sound.second.clip.speaker
        assert [part.take for part in each.parts] == ["first", "second"]


def test_without_noise_or_speakers_there_is_no_mixture(speech):
    with pytest.raises(MeasureError, match="^set: needs noise beside it, a set whose language is"):
        enhancement(speech, "set", [])
    with pytest.raises(MeasureError, match="^set: needs 6 known speakers or more"):
        separation(speech[:10], "set")
