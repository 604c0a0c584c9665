"""Units are said: as long as the recording, in blocks as whole, by the space they are of."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import call
from tests.train.say.small import recipe
from vocable import testing
from vocable.errors import ModelError, RecipeError, TokenError, VocableError
from vocable.language.say import KnownVoice, Manner, UnitSayer
from vocable.load import load_codec, load_tokenizer, load_vocoder
from vocable.load.say import save_say
from vocable.tokens import AudioTokens, TokenWriter, Track, joined, write_tokens
from vocable.train import run
from vocable.train.say.packed import read_packed
from vocable.train.say.prepare import prepare
from vocable.train.say.units import Units
from vocable.unit_vocoder import UnitVocoder
from vocable.units.vocoder.codec import UnitCodec


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
    assert (speech.alphabet.units, speech.alphabet.kinds) == (tokenizer.spec, 100)
    units = tokenizer.encode(noise(16_000), rate=16_000).dedup()
    first = speech[0]
    assert first.symbols[:, 0].tolist() == units.stacks[0][0].tolist()
    assert first.durations.sum() == 4 * len(first.codes)
    assert np.array_equal(first.durations[:-1], 2 * units.durations[:-1])


def test_a_model_of_units_says_which(sayer, tokenizer):
    assert sayer.spec == tokenizer.spec and sayer.rate == 16_000 and "no" in repr(sayer)
    assert isinstance(sayer, UnitVocoder)


@pytest.mark.parametrize(("samples", "rate"), [(16_000, 16_000), (16_001, 16_000), (9999, 22_050)])
def test_a_recording_keeps_its_length(sayer, tokenizer, voice, samples, rate):
    units = tokenizer.encode(noise(samples), rate=rate)
    found = sayer.decode(units, speaker=voice)
    assert (found.samples.shape, found.rate) == ((1, samples), rate)


def test_runs_are_said_as_their_units(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    whole = sayer.decode(units, speaker=voice, seed=3).samples
    assert np.array_equal(whole, sayer.decode(units.dedup(), speaker=voice, seed=3).samples)
    assert not np.array_equal(whole, sayer.decode(units, speaker=voice, seed=4).samples)
    blocks = np.concatenate(list(sayer.speak(units, speaker=voice, seed=3)), 1)
    np.testing.assert_allclose(blocks[:, :16_000], whole, atol=1e-5)


def test_what_is_long_is_said_in_pieces(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    long = joined([units] * 13)
    assert sayer.decode(long, speaker=voice).seconds == pytest.approx(float(long.seconds), abs=0.04)


def test_predicted_durations_are_the_models(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    same = AudioTokens(units.spec, units.dedup().stacks)  # runs alone, without what they last
    one, other = (sayer.decode(each, speaker=voice, predict=True) for each in (units, same))
    assert np.array_equal(one.samples, other.samples) and one.samples.shape[1] % 640 == 0


def test_other_units_are_refused(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    codes = load_codec("speech-16k").encode(noise(16_000), rate=16_000)
    with pytest.raises(
        TokenError, match="tokens come from speech-16k@2.* was made for units of units-16k@1"
    ):
        sayer.decode(codes, speaker=voice)
    both = AudioTokens(units.spec, [np.repeat(units.stacks[0], 2, 0)])
    with pytest.raises(TokenError, match="units of 2 streams came; take one channel"):
        sayer.decode(both, speaker=voice)
    with pytest.raises(TokenError, match="tokens have 0 frames; at least 1 is needed, 25 ms"):
        sayer.decode(units[:0], speaker=voice)
    with pytest.raises(ModelError, match="has no voice of its own; give it a recording"):
        sayer.decode(units)


def test_a_codec_of_many_levels_has_no_units():
    with pytest.raises(RecipeError, match="has 8 levels, and frames of 4 × 10 ms; units that are"):
        Units(load_codec("speech-16k"))


def test_a_pace_needs_durations_of_the_model(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(16_000), rate=16_000)
    with pytest.raises(ModelError, match="the pace is 2, but units last as long as they do"):
        sayer.decode(units, speaker=voice, manner=Manner(pace=2))
    slow, fast = (
        sayer.decode(units, speaker=voice, predict=True, manner=Manner(pace=pace)).seconds
        for pace in (1, 4)
    )
    assert fast < slow
    with pytest.raises(TokenError, match="got list"):
        sayer.decode([1, 2], speaker=voice)


@pytest.mark.parametrize(("predict", "source"), [(False, True), (True, False)])
def test_a_file_gives_the_same_samples(sayer, tokenizer, voice, tmp_path, predict, source):
    """Of two pieces, in chunks that end anywhere; the file is as long as the recording was."""
    units = tokenizer.encode(noise(22_050 * 12 + 7), rate=22_050)
    tokens = units if source else units[: units.frames]
    with TokenWriter(tmp_path / "a.vcb", Track.of(tokens), chunk_seconds=5) as file:
        file.write(tokens)
    given = {"speaker": voice, "predict": predict, "seed": 2, "manner": Manner(levels=3)}
    done = []
    sayer.decode_to(tmp_path / "a.vcb", tmp_path / "a.wav", progress=done.append, **given)
    wanted, found = sayer.decode(tokens, **given), vocable.Audio.read(tmp_path / "a.wav")
    assert found.rate == wanted.rate and done == sorted(done) and done[-1] == 1.0
    np.testing.assert_allclose(found.samples, np.clip(wanted.samples, -1, 1), rtol=0, atol=2**-14)
    (many,) = sayer.decode_batch([tokens[:50]], rate=8000, **given)
    assert many.rate == 8000


@pytest.mark.slow
@pytest.mark.alone
def test_files_of_any_length_take_bounded_memory(sayer, voice, tmp_path):
    """Law 7: the sound of five minutes more would be 19 MB more."""
    for seconds in (60, 360):
        units = np.random.default_rng(0).integers(0, 100, 50 * seconds)
        AudioTokens(sayer.spec, [units[None].astype(np.int32)]).save(tmp_path / f"{seconds}.vcb")

    def decode(seconds: int) -> None:
        sayer.decode_to(
            tmp_path / f"{seconds}.vcb", tmp_path / "a.wav", speaker=voice, overwrite=True
        )

    testing.check_bounded(decode, 60, 360)


def test_what_a_file_is_refused_for(sayer, tokenizer, voice, tmp_path):
    units = tokenizer.encode(noise(8000), rate=16_000)
    write_tokens(tmp_path / "two.vcb", {"a": units, "b": units})
    both = AudioTokens(units.spec, [np.repeat(units.stacks[0], 2, 0)])
    both.save(tmp_path / "stereo.vcb")
    for file, target, options, what in [
        ("two.vcb", "a.wav", {}, "holds the tracks 'a', 'b', of which 2 are of units-16k"),
        ("stereo.vcb", "a.wav", {}, "units of 2 streams came"),
        ("two.vcb", "a.wave", {"track": "a"}, "wave"),
        ("two.vcb", "none/a.wav", {"track": "a"}, "there is no folder"),
    ]:
        with pytest.raises((VocableError, OSError), match=what):
            sayer.decode_to(tmp_path / file, tmp_path / target, speaker=voice, **options)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".vcb"] == []
    sayer.decode_to(tmp_path / "two.vcb", tmp_path / "a.wav", track="b", speaker=voice)
    assert vocable.Audio.read(tmp_path / "a.wav").samples.shape == (1, 8000)


def test_units_of_other_centres_are_said_where_that_is_asked(sayer, tokenizer, voice):
    units = tokenizer.encode(noise(8000), rate=16_000)
    other = AudioTokens(replace(units.spec, space="other@1:0123456789abcdef"), units.stacks)
    assert sayer.decode(other, speaker=voice, trust_space=True).seconds == pytest.approx(0.5, 0.1)
    larger = replace(units.spec, levels=(replace(units.spec.levels[0], size=101),))
    with pytest.raises(TokenError, match="have 101 codes"):
        sayer.decode(AudioTokens(larger, units.stacks), speaker=voice, trust_space=True)
    with pytest.raises(ModelError, match="has 100 units but units-16k@1.* has 101"):
        UnitSayer("toy", sayer.network, sayer.codec, {}, units=larger)


def test_who_speaks_is_a_name_a_number_a_recording_or_numbers(sayer, tokenizer, voice):
    shown = vocable.Voice(vocable.Audio(noise(16_000)[None], 16_000))
    known = {"ann": KnownVoice(torch.zeros(4)), "bob": KnownVoice(voice)}
    made = UnitSayer("toy", sayer.network, sayer.codec, known, units=sayer.spec)
    units = tokenizer.encode(noise(8000), rate=16_000)
    assert made.speakers == ("ann", "bob")
    wanted = made.decode(units, speaker="bob").samples
    for speaker in (1, voice, voice.numpy(), voice.tolist(), shown):
        np.testing.assert_array_equal(made.decode(units, speaker=speaker).samples, wanted)
    first = made.decode(units).samples
    np.testing.assert_array_equal(made.decode(units, speaker=0).samples, first)
    assert not np.array_equal(first, wanted)
    for speaker, what in [
        (2, "voices of toy are 0 to 1, got 2"),
        ("eve", 'no voice "eve"'),
        ([0.0] * 3, "as 4 numbers, all finite; got shape"),
        ([float("nan")] * 4, "all finite"),
        (["a", "b"], "as 4 numbers, got list"),
        (object(), "as 4 numbers, got object"),
    ]:
        with pytest.raises(ModelError, match=what):
            made.decode(units, speaker=speaker)


def test_it_is_the_way_back_of_a_tokenizer(sayer, data, tokenizer, voice, tmp_path):
    save_say(sayer.network, tmp_path / "say", sayer.codec.spec.space, "toy", units=sayer.spec,
             voices={"ann": KnownVoice(voice)})  # fmt: skip
    codec = vocable.load("units-16k", vocoder=tmp_path / "say")
    assert isinstance(codec, UnitCodec) and codec.spec == tokenizer.spec
    units = codec.encode(noise(8000), rate=16_000)
    wanted = load_vocoder(tmp_path / "say").decode(units, seed=1).samples
    np.testing.assert_array_equal(codec.decode(units, speaker="ann", seed=1).samples, wanted)
    units.save(tmp_path / "a.vcb")
    call("decode", tmp_path / "a.vcb", "--vocoder", tmp_path / "say", "--speaker", "ann")
    heard = vocable.Audio.read(tmp_path / "a.wav").samples
    np.testing.assert_allclose(heard, np.clip(codec.decode(units).samples, -1, 1), atol=2**-14)
    vocable.Audio(noise(20_000)[None], 16_000).save(tmp_path / "her.wav")
    asked = ["decode", tmp_path / "a.vcb", "--vocoder", tmp_path / "say", "--force"]
    call(*asked, "--speaker", tmp_path / "her.wav", "--consent", "her, in a test")
    shown = vocable.Voice.from_recording(tmp_path / "her.wav")
    heard = vocable.Audio.read(tmp_path / "a.wav").samples
    wanted = np.clip(codec.decode(units, speaker=shown).samples, -1, 1)
    np.testing.assert_allclose(heard, wanted, atol=2**-14)
    with pytest.raises(ModelError, match="say-16k is not a vocoder of units"):
        load_vocoder("say-16k")


def test_a_model_that_does_not_say_which_units_is_refused(sayer, tmp_path):
    save_say(sayer.network, tmp_path, sayer.codec.spec.space, "toy", units=sayer.spec)
    config = json.loads((tmp_path / "config.json").read_text())
    for wrong in ("units-16k@1:0", {"space": "units-16k@1:0"}, [1]):
        (tmp_path / "config.json").write_text(json.dumps({**config, "units": wrong}))
        with pytest.raises(ModelError, match="does not say which units the model says"):
            vocable.load(tmp_path)
