"""A vocoder in a folder: saved, described, loaded alone and beside its tokenizer, refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import vocable
from tests.cli.calls import call, results
from tests.units.vocoder.test_hifigan import network
from vocable.audio import Audio, Voice
from vocable.conditions import embedding_of
from vocable.errors import ModelError
from vocable.load import describe, load_codec, load_embedding, load_vocoder, save_vocoder
from vocable.units.vocoder.codec import UnitCodec
from vocable.units.vocoder.hifigan import UnitHifiGanConfig
from vocable.units.vocoder.vocoder import Vocoder

TINY = UnitHifiGanConfig(
    units=100, unit_width=4, speakers=2, speaker_width=2, channels=32, block_kernels=(3,),
    dilations=((1,),),
)  # fmt: skip


@pytest.fixture(scope="module")
def units():
    return vocable.load("units-16k")


@pytest.fixture
def folder(tmp_path, units):
    made = Vocoder(network(TINY), units.spec, speakers=("ann", "bob"), licence="CC0-1.0")
    path = tmp_path / "voice"
    assert save_vocoder(made, path, "voice", dtype=torch.float32) == "voice@1"
    return path


def test_what_is_saved_decodes_the_same(folder, units):
    made = load_vocoder(folder)
    assert (made.name, made.speakers, made.licence) == ("voice@1", ("ann", "bob"), "CC0-1.0")
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 9001)).astype(np.float32)
    tokens = units.encode(Audio(sound, 16_000))
    wanted = Vocoder(network(TINY), units.spec).decode(tokens, speaker=1)
    found = vocable.load(folder).decode(tokens, speaker="bob")
    np.testing.assert_array_equal(found.samples, wanted.samples)
    codec = vocable.load("units-16k", vocoder=folder)
    assert isinstance(codec, UnitCodec) and codec.encode(Audio(sound, 16_000)) == tokens
    np.testing.assert_array_equal(codec.decode(tokens, speaker=1).samples, wanted.samples)


def test_what_it_says_of_itself(folder, units):
    assert describe(folder).spec == units.spec
    assert results("info", folder)[0]["speakers"] == ["ann", "bob"]
    assert "ann, bob" in call("info", folder).output


def test_a_file_of_others_is_described(tmp_path):
    tensors = {"dict.weight": torch.zeros(7, 4), "conv_pre.weight": torch.zeros(32, 4, 7),
               "conv_pre.bias": torch.zeros(32)}  # fmt: skip
    for i, kernel in enumerate((11, 8, 8, 4, 4)):
        wide, narrow = 32 >> i, 16 >> i
        tensors |= {f"ups.{i}.weight": torch.zeros(wide, narrow, kernel),
                    f"ups.{i}.bias": torch.zeros(narrow)}  # fmt: skip
        for place in ("convs1", "convs2"):
            for d in range(3):
                name = f"resblocks.{i}.{place}.{d}"
                tensors |= {f"{name}.weight": torch.zeros(narrow, narrow, 3),
                            f"{name}.bias": torch.zeros(narrow)}  # fmt: skip
    tensors |= {"conv_post.weight": torch.zeros(1, 1, 7), "conv_post.bias": torch.zeros(1)}
    torch.save({"generator": tensors}, tmp_path / "g_1")
    (found,) = results("info", tmp_path / "g_1")
    assert (found["kind"], found["layout"], found["units"]) == ("vocoder", "fairseq", 7)
    assert "of 7 units" in call("info", tmp_path / "g_1").output
    made = vocable.load(tmp_path / "g_1")
    assert made.units is None and made.frame == 320
    with pytest.raises(ModelError, match="does not say|do not say"):
        vocable.load("units-16k", vocoder=tmp_path / "g_1")
    with pytest.raises(ModelError, match="a vocoder of units, which encodes nothing"):
        load_codec(tmp_path / "g_1")


def test_what_is_no_vocoder_is_refused(folder, tmp_path):
    with pytest.raises(ModelError, match="speech-16k is not a vocoder"):
        load_vocoder("speech-16k")
    with pytest.raises(ModelError, match="not a tokenizer of units"):
        vocable.load("speech-16k", vocoder=folder)
    with pytest.raises(ModelError, match="encodes nothing"):
        load_codec(folder)
    with pytest.raises(ModelError, match="leave torch.bfloat16 out"):
        vocable.load(folder, dtype=torch.bfloat16)
    with pytest.raises(ModelError, match="bound"):
        save_vocoder(Vocoder(network(TINY)), tmp_path / "b", "b")


@pytest.fixture(scope="module")
def embedding():
    return load_embedding("say-16k")


@pytest.fixture
def hearing(tmp_path, units, embedding):
    """Return the folder of a vocoder whose speakers are vectors of say-16k."""
    config = replace(TINY, speakers=0, speaker_vector=64, embedding=embedding.space)
    save_vocoder(Vocoder(network(config), units.spec), tmp_path / "any", "any")
    return tmp_path / "any"


def her() -> np.ndarray:
    """Return a second and a half of something that changes, as a voice does."""
    time = np.arange(24_000) / 16_000
    tone = np.sin(2 * np.pi * 200 * time) * (1 + np.sin(2 * np.pi * 4 * time))
    return (0.2 * tone + np.random.default_rng(1).normal(0, 0.01, 24_000)).astype(np.float32)[None]


def test_a_recording_is_a_speaker(hearing, units, embedding):
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 6001)).astype(np.float32)
    tokens, shown = units.encode(Audio(sound, 16_000)), Voice(Audio(her(), 16_000))
    made = load_vocoder(hearing)
    vector = embedding_of(embedding, shown.audio)
    np.testing.assert_array_equal(made.hear(shown), vector.numpy())
    wanted = made.decode(tokens, speaker=vector).samples
    np.testing.assert_array_equal(made.decode(tokens, speaker=shown).samples, wanted)
    other = Voice(Audio(her()[:, ::-1], 16_000))
    assert not np.array_equal(made.decode(tokens, speaker=other).samples, wanted)
    bound = Vocoder(made.network, hears=made.hears).bound(units.spec)
    np.testing.assert_array_equal(bound.decode(tokens, speaker=shown).samples, wanted)


@pytest.mark.parametrize(
    ("space", "what"),
    [
        ("say-16k@1:0123456789abcdef", "trained with voices of say-16k@1:01.* and here is say-16k"),
        ("clap@1:0123456789abcdef", "does not come with vocable; give speaker a vector"),
    ],
)
def test_another_embedding_is_refused(hearing, space, what):
    config = json.loads((hearing / "config.json").read_text())
    config["config"]["embedding"] = space
    (hearing / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=what):
        load_vocoder(hearing).hear(Voice(Audio(her(), 16_000)))


def test_the_command_takes_a_recording_as_speaker(hearing, folder, units, tmp_path):
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 6001)).astype(np.float32)
    tokens, path = units.encode(Audio(sound, 16_000)), tmp_path / "a.vcb"
    tokens.save(path)
    Audio(her(), 16_000).save(tmp_path / "her.wav")
    Audio(her()[:, :8000], 16_000).save(tmp_path / "short.wav")
    asked = ["decode", path, "--vocoder", hearing, "--speaker", tmp_path / "her.wav"]
    consent = ["--consent", "her, in a test"]
    for options, what in [
        (asked, "whose voice is that? say who agreed"),
        ([*asked[:-1], tmp_path / "short.wav", *consent], "--speaker: the voice is heard for 0.50"),
        ([*asked[:-1], tmp_path / "none.wav", *consent], "none.wav"),
        (["decode", path, "--vocoder", folder, *asked[4:], *consent], "no speakers from record"),
        (["decode", path, *consent], "--consent is for units"),
    ]:
        assert what in call(*options, code=2).output
        assert not (tmp_path / "a.wav").exists()
    (done,) = results(*asked, *consent)
    assert done["consent"] == "her, in a test"
    shown = Voice.from_recording(tmp_path / "her.wav")
    wanted = load_vocoder(hearing).decode(tokens, speaker=shown).samples
    np.testing.assert_allclose(Audio.read(tmp_path / "a.wav").samples, wanted, atol=2**-15)


def test_a_vocoder_of_other_centres_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    space = "units-16k@9:0123456789abcdef"
    config["space"] = config["spec"]["space"] = space
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=f"made for units of {space}"):
        vocable.load("units-16k", vocoder=folder)


def test_damaged_weights_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\1\1")
    with pytest.raises(ModelError, match="SHA-256"):
        load_vocoder(folder)


def test_speakers_whose_names_are_digits(folder, units, tmp_path):
    config = json.loads((folder / "config.json").read_text())
    config["speakers"] = ["1089", "237"]
    (folder / "config.json").write_text(json.dumps(config))
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 6000)).astype(np.float32)
    tokens = units.encode(Audio(sound, 16_000))
    tokens.save(tmp_path / "a.vcb")
    call("decode", tmp_path / "a.vcb", "--vocoder", folder, "--speaker", 237)
    wanted = load_vocoder(folder).decode(tokens, speaker=1).samples
    np.testing.assert_allclose(Audio.read(tmp_path / "a.wav").samples, wanted, atol=2**-15)


def test_the_command_decodes_units(folder, units, tmp_path):
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 9001)).astype(np.float32)
    tokens = units.encode(Audio(sound, 16_000))
    tokens.save(tmp_path / "a.vcb")
    (done,) = results("decode", tmp_path / "a.vcb", "--vocoder", folder, "--speaker", "bob")
    assert (done["samples"], done["channels"]) == (9001, 2)
    wanted = load_vocoder(folder).decode(tokens, speaker=1).samples
    np.testing.assert_allclose(Audio.read(tmp_path / "a.wav").samples, wanted, atol=2**-15)
    one = units.encode(Audio(sound[:1], 16_000))
    one.save(tmp_path / "b.vcb")
    call("decode", tmp_path / "b.vcb", "--vocoder", folder, "--speaker", 1)
    refused = ["--predict-durations", "--force"]
    done = call("decode", tmp_path / "b.vcb", "--vocoder", folder, *refused, code=1)
    assert "does not foretell durations" in done.output


def test_what_the_command_refuses(folder, units, tmp_path):
    units.encode(Audio(np.zeros((1, 4000), np.float32), 16_000)).save(tmp_path / "a.vcb")
    path = tmp_path / "a.vcb"
    for options, code, what in [
        (["--speaker", 1], 2, "give --vocoder"),
        (["--predict-durations"], 2, "give --vocoder"),
        (["--vocoder", folder, "--codec", "speech-16k"], 2, "nor EnCodec; vocoder= is for"),
        (["--vocoder", tmp_path / "none"], 2, "--vocoder: no model named"),
        (["--vocoder", folder, "--speaker", 7], 1, "are 0 to 1, and 7"),
        (["--vocoder", folder, "--speaker", "eve"], 1, 'no speaker "eve"'),
        ([], 1, "or a vocoder for its units"),
    ]:
        assert what in call("decode", path, *options, code=code).output
        assert not (tmp_path / "a.wav").exists()
