"""Kanade's code gave these latents, codes, voices and sound for small weights (make.py).

Its three folders are written as they are published, so loading is shown here too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from tests.golden.kanade.written import written
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.errors import ModelError
from vocable.nn.settings import without_memory
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.units.kanade import Kanade, KanadeConfig, kanade_12_5hz, kanade_25hz

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def answers():
    return weights.read(HERE / "answers.safetensors")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    kept = json.loads((HERE / "kanade.json").read_text())
    return written(tmp_path_factory.mktemp("kanade"), kept)


def test_latents_codes_voices_and_sound(folder, answers):
    codec = vocable.load(folder)
    z, sides = codec.model.latents_and_sides(answers["sound"])
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    check_rows_equal("voice", sides["voice"], answers["voice"], atol=WHOLE_CODEC)
    codes = answers["codes"].long()
    assert torch.equal(codec.to_codes(answers["sound"]).stacked(), codes)
    for name, whose in (("decoded", slice(0, 1)), ("other", slice(1, 2))):
        sound = codec.from_codes(Codes((codes[:1, 0],), {"voice": answers["voice"][whose]}))
        wanted = answers[name]
        assert sound.shape[2] == 3 * codec.frame > wanted.shape[2]  # Vocos ends before
        check_rows_equal(name, sound[..., : wanted.shape[2]], wanted, atol=WHOLE_CODEC, axis=2)
    assert not torch.equal(answers["decoded"], answers["other"])


@pytest.mark.parametrize("samples", [1, 700, 960, 961])
def test_a_frame_that_has_begun_is_filled_with_silence(samples, folder, answers):
    codec, x = vocable.load(folder), answers["sound"][0, :, :samples].numpy()
    tokens = codec.encode(x, rate=24_000)
    filled = np.pad(x, ((0, 0), (0, -samples % 960)))
    whole = codec.encode(filled, rate=24_000)
    assert np.array_equal(tokens.codes[0], whole.codes[0])
    assert np.array_equal(tokens.sides["voice"], whole.sides["voice"])
    back = codec.decode(tokens)
    assert back.samples.shape == x.shape and np.isfinite(back.samples).all()


@pytest.mark.parametrize(
    ("make", "rate", "bits"), [(kanade_25hz, 25, 341), (kanade_12_5hz, 12.5, 170)]
)
def test_the_published_sizes(make, rate, bits):
    """118 and 120 million weights, as published, beside WavLM's and Vocos'."""
    with without_memory():
        model = Kanade(make())
    model.quantizer.drop_learning()
    beside = ("encoder.speech.", "decoder.vocoder.")
    own = {k: v for k, v in model.state_dict().items() if not k.startswith(beside)}
    assert round(sum(v.numel() for v in own.values()) / 1e6) == {25: 118, 12.5: 120}[rate]
    assert model.spec.rate / model.spec.frame == rate and int(model.spec.bitrate()) == bits


def copied(folder, place):
    shutil.copytree(folder, place)
    return place


def changed(file, *pairs):
    """Write a file with other text in it."""
    text = file.read_text()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("_ssl_features: true", "_ssl_features: false", "say normalize_ssl_features False"),
        ("padding: center", "padding: same", "its settings say padding same"),
        ("n_mels: 10", "n_mels: 10\n      vocoder_name: hift", "say vocoder_name hift"),
        ("model_name: wavlm_base_plus", "model_name: hubert_base", "model_name hubert_base"),
        ("downsample_factor: 2", "downsample_factor: 4", "downsample_factor 4"),
        ("sample_rate: 24000", "sample_rate: 0", "says sample_rate 0; wanted whole Hz, from 1"),
        ("sample_rate: 24000", "sample_rate: 22051", "a rate at which these are whole samples"),
        ("local_ssl_layers: [2, 4]", "local_ssl_layers: []", r"ssl_layers \[\]; wanted numbers"),
        ("local_ssl_layers: [2, 4]", "local_ssl_layers: [9]", "5 blocks of 16 .* hears 9 of 16"),
        ("window_size: 5", "window_size: 4", "say window_size 4, which for .* must be 3"),
        ("n_heads: 4", "n_heads: 3", r"wk.weight of shape \[16, 16\], which its place"),
        ("n_layers: 1", "n_layers: 2", "say n_layers 2"),
        ("levels: [8, 5, 5]", "levels: [8, 5]", "quantizer.into"),
        ("hop_length: 256", "hop_length: 128", "config.yaml says hop_length 256, which for these"),
        ("n_fft: 1024", "n_fft: 512", "windows of 1024 samples, but Kanade gives 10 of 512"),
        ("local_encoder:", "encoder:", "config.yaml does not describe a Kanade"),
    ],
)  # fmt: skip
def test_a_yaml_of_another_model_is_refused(before, after, words, folder, tmp_path):
    place = copied(folder, tmp_path / "x")
    changed(place / "config.yaml", (before, after))
    with pytest.raises(ModelError, match=words):
        vocable.load(place)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("config.yaml", "Kanade without its config.yaml; put it beside it"),
        ("wavlm", r"without WavLM base\+; put microsoft/wavlm-base-plus into a folder wavlm"),
        ("vocos", "without Vocos of .*; put charactr/vocos-mel-24khz into a folder vocos"),
    ],
)
def test_what_lacks_is_named(gone, words, folder, tmp_path):
    place = copied(folder, tmp_path / "x")
    shutil.rmtree(place / gone) if (place / gone).is_dir() else (place / gone).unlink()
    with pytest.raises(ModelError, match=words):
        vocable.load(place)


def test_parts_of_others_are_refused(folder, tmp_path):
    place = copied(folder, tmp_path / "x")
    shutil.rmtree(place / "wavlm")
    shutil.copytree(folder / "vocos", place / "wavlm")
    with pytest.raises(ModelError, match="is not WavLM; put microsoft/wavlm-base-plus there"):
        vocable.load(place)
    other = copied(folder, tmp_path / "y")
    shutil.rmtree(other / "vocos")
    shutil.copytree(folder / "wavlm", other / "vocos")
    with pytest.raises(ModelError, match="is not Vocos"):
        vocable.load(other)


def test_another_part_is_another_model(folder, tmp_path):
    """What was converted once is not taken for a folder with another WavLM in it."""
    place = copied(folder, tmp_path / "x")
    before = vocable.load(place).spec.space
    file = place / "wavlm" / "model.safetensors"
    tensors = load_file(file)
    tensors["feature_projection.projection.bias"] += 0.1
    save_file(tensors, file)
    assert vocable.load(place).spec.space != before


def test_a_config_that_cannot_be_is_refused():
    with (
        without_memory(),
        pytest.raises(ModelError, match="every 1 rows of WavLM, .* give 2 rows or more"),
    ):
        Kanade(KanadeConfig(every=1))
