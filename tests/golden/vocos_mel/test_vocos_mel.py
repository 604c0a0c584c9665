"""A small Vocos of mel spectra hears and sounds as its package does, or says what is wrong."""

import re
import shutil
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.keys import vocos_mel as keys
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.codecs.latency import latency_of
from vocable.codecs.registry import outline
from vocable.codecs.vocos_mel import vocos_mel_24khz
from vocable.errors import ModelError
from vocable.load import convert_checkpoint
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
EDGE = 2  # rows at each end whose window is mirrored in the package, and silent here


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


@torch.no_grad()
def test_mels_are_the_package_s_but_for_the_edges():
    model = vocable.load(HERE / "checkpoint").model
    found = model.encoder(model._rows(ANSWERS["sound"][None]))
    wanted = ANSWERS["mels"].transpose(1, 2)
    assert found.shape[1] == wanted.shape[1] == 21
    inner = slice(EDGE, -EDGE)
    check_rows_equal("mels", found[:, inner], wanted[:, inner], atol=1e-4)


@torch.no_grad()
def test_mels_sound_as_in_the_package():
    """And go on for one frame more, to the end of the recording."""
    model = vocable.load(HERE / "checkpoint").model
    found = model.decoder(ANSWERS["mels"].transpose(1, 2)).transpose(1, 2)
    wanted = ANSWERS["decoded"]
    assert found.shape[2] - wanted.shape[2] == model.spec.frame
    check_rows_equal("sound", found[..., : wanted.shape[2]], wanted, atol=WHOLE_CODEC, axis=2)


@torch.no_grad()
def test_tokens_are_mels_to_half_a_step():
    codec = vocable.load(HERE / "checkpoint")
    model, sound = codec.model, ANSWERS["sound"][None]
    tokens = codec.encode(ANSWERS["sound"].numpy(), rate=codec.rate)
    assert len(codec.decode(tokens)) == 333
    mels = model.encoder(model._rows(sound))
    off = (model.quantizer.decode(model.to_codes(sound).stacked()) - mels).abs().max()
    assert 0.05 < float(off) <= model.quantizer.lattice.unit / 2 + 1e-5


def test_the_published_sizes():
    model = outline("vocos-mel", vars(vocos_mel_24khz()))
    assert model.spec.bitrate() == 56_250 and len(model.spec.levels) == 100
    assert str(latency_of(model)) == "330.7 ms, first sound after 330.7 ms"
    assert 13.0e6 < sum(value.numel() for value in model.parameters()) < 14.0e6


def test_it_comes_back_in_the_package_s_files(tmp_path):
    convert_checkpoint(HERE / "checkpoint", tmp_path / "ours")
    convert_checkpoint(tmp_path / "ours", tmp_path / "theirs", to="vocos")
    found, wanted = (
        torch.load(folder / "pytorch_model.bin", weights_only=True)
        for folder in (tmp_path / "theirs", HERE / "checkpoint")
    )
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert torch.allclose(found[key], value, atol=1e-4), key


def copied(folder, change=lambda tensors: None, yaml=lambda text: text):
    """Return a copy of the checkpoint, with other tensors or another yaml."""
    shutil.copytree(HERE / "checkpoint", folder)
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    change(tensors)
    torch.save(tensors, folder / "pytorch_model.bin")
    path = folder / "config.yaml"
    path.write_text(yaml(path.read_text()))
    return folder


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("n_fft", "128", "says n_fft 128, which for these weights must be 64"),
        ("n_mels", "16", "says n_mels 16, which for these weights must be 8"),
        ("padding", "same", "says padding same, which for these weights must be center"),
        ("sample_rate", "16000", "its filters are not 8 triangles on the HTK scale up to 8000 Hz"),
        ("hop_length", "fast", "config.yaml says hop_length fast; wanted a whole number from 1"),
        ("hop_length", "64", "window is 64 and frame 64"),
    ],
)
def test_a_yaml_of_another_vocos_is_refused(key, value, words, tmp_path):
    instead = lambda text: re.sub(rf"{key}: .*", f"{key}: {value}", text)  # noqa: E731
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", yaml=instead))


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("backbone.convnext.1.norm.bias", "lacks 1 key"),
        ("backbone.embed.weight", "make no Vocos"),
        ("feature_extractor.mel_spec.mel_scale.fb", "of a family that vocable does not know"),
    ],
)
def test_what_is_missing_is_said(gone, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", lambda tensors: tensors.pop(gone)))


def test_keys_are_used_or_left_out_for_a_reason():
    checkpoint = open_checkpoint(HERE / "checkpoint")
    read = keys.read(checkpoint, keys.recognise(checkpoint))
    computed = ("feature_extractor.", "head.istft.")
    assert len(read) == sum(not key.startswith(computed) for key in checkpoint.shapes)
