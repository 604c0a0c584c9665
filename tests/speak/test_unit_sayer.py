"""Units are said: as long as the recording, in blocks as whole, by the space they are of."""

import json

import numpy as np
import pytest

import vocable
from tests.train.say.small import recipe
from vocable.errors import ModelError, RecipeError, TokenError
from vocable.language.say import Manner
from vocable.load import load_codec, load_tokenizer
from vocable.tokens import AudioTokens, joined
from vocable.train import run
from vocable.train.say.packed import read_packed
from vocable.train.say.prepare import prepare
from vocable.train.say.units import Units


def noise(samples, seed=0):
    return 0.1 * np.random.default_rng(seed).normal(size=samples)


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer("units-16k")


@pytest.fixture(scope="module")
def data(tmp_path_factory, tokenizer):
    folder = tmp_path_factory.mktemp("units")
    rows = []
    for k, samples in enumerate((16_000, 20_000, 9000, 300)):
        vocable.Audio(noise(samples, k)[None], 16_000).save(folder / f"{k}.wav")
        split = "valid" if k == 2 else "train"
        rows.append({"path": f"{k}.wav", "speaker": "a", "split": split, "language": "fr"})
    manifest = folder / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)))
    found = prepare(manifest, load_codec("speech-16k"), units=Units(tokenizer))
    assert list(found.refused) == ["3"] and "too short for a unit" in found.refused["3"]
    found.speech.save(folder / "speech.npz")
    return folder / "speech.npz"


@pytest.fixture(scope="module")
def sayer(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run(recipe(schedule={"steps": 2, "warmup": 1}), data, folder)
    return vocable.load(folder)


@pytest.fixture(scope="module")
def voice(sayer):
    return sayer.voice([sayer.codec.encode(noise(16_000), rate=16_000)])


def test_data_needs_no_text_and_says_its_units(data, tokenizer):
    speech = read_packed(data)
    assert (speech.alphabet.units, speech.alphabet.kinds) == (tokenizer.spec.space, 100)
    units = tokenizer.encode(noise(16_000), rate=16_000).dedup()
    first = speech[0]
    assert first.symbols[:, 0].tolist() == units.stacks[0][0].tolist()
    assert first.durations.sum() == 4 * len(first.codes)
    assert np.array_equal(first.durations[:-1], 2 * units.durations[:-1])


def test_a_model_of_units_says_which(sayer, tokenizer):
    assert sayer.units == tokenizer.spec.space and "no" in repr(sayer)


@pytest.mark.parametrize(("samples", "rate"), [(16_000, 16_000), (16_001, 16_000), (9999, 22_050)])
def test_a_recording_keeps_its_length(sayer, tokenizer, voice, samples, rate):
    units = tokenizer.encode(noise(samples), rate=rate)
    found = sayer.decode(units, voice)
    assert (found.samples.shape, found.rate) == ((1, samples), rate)


def test_runs_are_said_as_their_units(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    whole = sayer.decode(units, voice, seed=3).samples
    assert np.array_equal(whole, sayer.decode(units.dedup(), voice, seed=3).samples)
    assert not np.array_equal(whole, sayer.decode(units, voice, seed=4).samples)
    blocks = np.concatenate(list(sayer.speak(units, voice, seed=3)), 1)
    np.testing.assert_allclose(blocks[:, :16_000], whole, atol=1e-5)


def test_what_is_long_is_said_in_pieces(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    long = joined([units] * 13)
    assert sayer.decode(long, voice).seconds == pytest.approx(float(long.seconds), abs=0.04)


def test_predicted_durations_are_the_models(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    same = AudioTokens(units.spec, units.dedup().stacks)  # runs alone, without what they last
    one, other = (sayer.decode(each, voice, predicted=True) for each in (units, same))
    assert np.array_equal(one.samples, other.samples) and one.samples.shape[1] % 640 == 0


def test_other_units_are_refused(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    codes = load_codec("speech-16k").encode(noise(16_000), rate=16_000)
    with pytest.raises(TokenError, match="units come from speech-16k@2"):
        sayer.decode(codes, voice)
    both = AudioTokens(units.spec, [np.repeat(units.stacks[0], 2, 0)])
    with pytest.raises(TokenError, match="units of 2 streams came; take one channel"):
        sayer.decode(both, voice)
    with pytest.raises(TokenError, match="too short for a unit"):
        sayer.decode(units[:0], voice)
    with pytest.raises(ModelError, match="has no voice of its own; give it a recording"):
        sayer.decode(units)


def test_a_codec_of_many_levels_has_no_units():
    with pytest.raises(RecipeError, match="has 8 levels, and frames of 4 × 10 ms; units that are"):
        Units(load_codec("speech-16k"))


def test_a_pace_needs_durations_of_the_model(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    with pytest.raises(ModelError, match="the pace is 2, but units last as long as they do"):
        sayer.decode(units, voice, manner=Manner(pace=2))
    slow, fast = (
        sayer.decode(units, voice, predicted=True, manner=Manner(pace=pace)).seconds
        for pace in (1, 4)
    )
    assert fast < slow
    with pytest.raises(TokenError, match="got list; small"):
        sayer.decode([1, 2], voice)
