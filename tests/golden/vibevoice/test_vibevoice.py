"""transformers gave these latents and this sound for these weights (make.py)."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from tests.cli.calls import call, results
from tests.golden.vibevoice.original import as_microsoft
from vocable import weights
from vocable.audio import Audio
from vocable.errors import ModelError, TokenError
from vocable.evaluate.recording import Recording
from vocable.evaluate.systems.tokenizer import codec_systems
from vocable.load import convert_checkpoint, load_codec
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.tokens import AudioTokens, Latent, TokenFile, TokenSpec, Vocabulary, delay, read_tokens

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
SOUND = Audio(ANSWERS["sound"][0].numpy(), 24_000)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_latents_and_sound_of_the_acoustic_one():
    codec = vocable.load(HERE / "acoustic")
    tokens = codec.encode(SOUND)
    check_rows_equal("latents", tokens.to_torch(), ANSWERS["latents"], atol=WHOLE_CODEC)
    found = codec.from_codes([ANSWERS["latents"]])
    check_rows_equal("sound", found, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)
    assert tokens.spec.levels == (Latent(6),) and tokens.spec.space.startswith("vibevoice@1:")


def test_latents_of_the_semantic_one_which_does_not_decode():
    tokenizer = vocable.load(HERE / "semantic")
    found = tokenizer.encode(SOUND).to_torch()
    check_rows_equal("latents", found, ANSWERS["semantic"], atol=WHOLE_CODEC)
    assert tokenizer.spec.levels == (Latent(10, "semantic"),)
    with pytest.raises(ModelError, match="vibevoice-semantic"):
        load_codec(HERE / "semantic")


def test_microsoft_s_keys_beside_a_language_model(tmp_path):
    folder, wanted = tmp_path / "x", vocable.load(HERE / "acoustic")
    as_microsoft({"acoustic": HERE / "acoustic", "semantic": HERE / "semantic"}, folder)
    found = vocable.load(folder)
    assert found.spec.space == wanted.spec.space
    assert found.decode(found.encode(SOUND)) == wanted.decode(wanted.encode(SOUND))
    only = tmp_path / "y"
    as_microsoft({"semantic": HERE / "semantic"}, only)
    assert vocable.load(only).spec.space == vocable.load(HERE / "semantic").spec.space
    (folder / "config.json").write_text('{"acoustic_tokenizer_config": {"vae_dim": 7}}')
    with pytest.raises(ModelError, match="says vae_dim 7, which for these weights must be 6"):
        vocable.load(folder)


def test_other_layouts_and_back(tmp_path):
    convert_checkpoint(HERE / "acoustic", tmp_path / "own")
    convert_checkpoint(tmp_path / "own", tmp_path / "back", to="transformers")
    wanted = load_file(HERE / "acoustic" / "model.safetensors")
    found = load_file(tmp_path / "back" / "model.safetensors")
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], value.float()) for key, value in wanted.items())
    as_microsoft({"acoustic": HERE / "acoustic"}, tmp_path / "x")
    convert_checkpoint(tmp_path / "x", tmp_path / "hub", to="transformers")
    assert load_file(tmp_path / "hub" / "model.safetensors").keys() == wanted.keys()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hidden_size": 7}, "says hidden_size 7, which for these weights must be 6"),
        ({"depths": [1, 1, 1]}, r"says depths \[1, 1, 1\]"),
        ({"hidden_act": "relu"}, "says hidden_act relu"),
        ({"rms_norm_eps": "x"}, "config.json does not describe a tokenizer of VibeVoice"),
    ],
)
def test_a_config_of_another_model_is_refused(changes, words, tmp_path):
    folder = tmp_path / "x"
    shutil.copytree(HERE / "acoustic", folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=words):
        vocable.load(folder)


def test_a_tensor_that_lacks_is_named(tmp_path):
    folder = tmp_path / "x"
    shutil.copytree(HERE / "acoustic", folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["decoder.conv_layers.0.stage.1.mixer.conv.bias"]
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"decoder.blocks.3.blocks.1"):
        vocable.load(folder)


# ---- what floats are to the rest of the library -------------------------------------------------


def tokens_of_six_floats(frames: int = 9) -> AudioTokens:
    draw = np.random.default_rng(1)
    spec = TokenSpec("floats@1:0a", 8000, 16, 1, (Latent(6),), (1,))
    return AudioTokens(spec, [draw.normal(size=(2, frames, 6))])


@pytest.mark.parametrize("ending", [".safetensors", ".npz"])
def test_files_of_floats_come_back_bit_for_bit(ending, tmp_path):
    codec = vocable.load(HERE / "acoustic")
    tokens = codec.encode(Audio(SOUND.samples[:, :601], 24_000).resample(16_000))
    tokens.save(tmp_path / f"a{ending}")
    assert read_tokens(tmp_path / f"a{ending}") == tokens
    SOUND.save(tmp_path / "in.wav")
    codec.encode_to(tmp_path / "in.wav", tmp_path / f"b{ending}")
    assert read_tokens(tmp_path / f"b{ending}").source.samples == len(SOUND)
    codec.decode_to(tmp_path / f"a{ending}", tmp_path / "a.wav")
    back = Audio.read(tmp_path / "a.wav")
    assert (len(back), back.rate) == (tokens.source.samples, 16_000)


def test_floats_are_cut_and_joined_like_codes():
    tokens = tokens_of_six_floats()
    assert tokens[:4] + tokens[4:] == tokens and len(tokens[4:]) == 5
    assert tokens.latents.dtype == np.float32 and not tokens.latents.flags.writeable
    assert TokenSpec.from_dict(tokens.spec.to_dict()) == tokens.spec
    assert "floats" in repr(tokens) and "floats" in tokens._repr_html_()
    assert "6 floats a frame" in tokens.spec._repr_html_()


NOT_INTEGERS = (
    "these tokens are 6 floats a frame, not integers; what needs codes takes a codec with"
)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda tokens: tokens.codes, "are 6 floats a frame, not integers; use tokens.latents"),
        (np.asarray, "are 6 floats a frame, not integers; use tokens.latents"),
        (lambda tokens: tokens.bitrate, NOT_INTEGERS),
        (lambda tokens: tokens.spec.levels_at(6), NOT_INTEGERS),
        (lambda tokens: tokens.dedup(), "dedup needs codes"),
        (lambda tokens: Vocabulary.of(tokens.spec), NOT_INTEGERS),
        (lambda tokens: Vocabulary.factorised(tokens.spec, delay()), NOT_INTEGERS),
        (lambda tokens: delay().arrange(tokens), "floats makes floats, and a layout orders codes"),
    ],
)
def test_what_asks_for_integers_is_refused(asked, words):
    with pytest.raises(TokenError, match=words):
        asked(tokens_of_six_floats())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.vcb", "floats makes floats, which a .vcb does not hold; save them as .safetensors"),
        ("a.npy", ".npy holds one array, got latents; save as .npz or .safetensors"),
    ],
)
def test_files_that_hold_no_floats_are_refused_before_they_are_written(name, words, tmp_path):
    with pytest.raises(TokenError, match=words):
        tokens_of_six_floats().save(tmp_path / name)
    assert not [*tmp_path.iterdir()]


def test_what_reads_integers_refuses_a_file_of_floats(tmp_path):
    tokens_of_six_floats().save(tmp_path / "a.safetensors")
    with pytest.raises(TokenError, match=r"a.safetensors holds floats; here take the tokens of"):
        TokenFile(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (np.zeros((1, 3, 6), np.int32), "latents must be floats .*, 6.*, got int32"),
        (np.zeros((1, 3, 5)), r"latents must be floats .* got float64 of shape \(1, 3, 5\)"),
        (np.full((1, 3, 6), np.inf), "latents hold inf at stream 0, frame 0, number 0"),
    ],
)
def test_what_are_no_latents_is_refused(rows, words):
    with pytest.raises(TokenError, match=words):
        AudioTokens(tokens_of_six_floats().spec, [rows])


def test_decoding_takes_floats_only():
    codec = vocable.load(HERE / "acoustic")
    for codes, words in (
        ([torch.zeros(1, 3, 6, dtype=torch.int64)], "decodes floats, got torch.int64"),
        ([torch.zeros(1, 3, 5)], r"one tensor \[batch, frames, 6\]"),
        ([torch.full((1, 3, 6), torch.nan)], "latents are not finite everywhere"),
    ):
        with pytest.raises(TokenError, match=words):
            codec.from_codes(codes)


def test_a_sweep_judges_the_sound_alone():
    spec = vocable.load(HERE / "acoustic").spec
    (system,) = codec_systems(vocable.load, (HERE / "acoustic",), spec)
    made = system.open()(Recording("a", SOUND))
    assert system.name == "vibevoice, 6 floats"
    assert len(made.audio) == len(SOUND) and made.bits is None and made.tokens is None


def test_commands_treat_floats_as_what_they_are(tmp_path):
    codec, sound, floats = HERE / "acoustic", tmp_path / "in.wav", tmp_path / "a.safetensors"
    SOUND.save(sound)
    refused = call("encode", sound, "--codec", codec, "-o", tmp_path / "in.vcb", code=1)
    assert "which a .vcb does not hold; save them as .safetensors" in refused.output
    assert not (tmp_path / "in.vcb").exists()
    call("encode", sound, "--codec", codec, "-o", floats)
    assert results("info", floats)[0]["floats_per_frame"] == 6
    assert "40 frames × 6 floats" in call("info", floats).output
    assert "6 floats a frame, no codes" in call("info", codec).output
    unknown = call("decode", floats, "-o", tmp_path / "b.wav", code=1)
    assert "give its name or folder with --codec" in unknown.output
    call("decode", floats, "--codec", codec, "-o", tmp_path / "back.wav")
    assert len(Audio.read(tmp_path / "back.wav")) == len(SOUND)
