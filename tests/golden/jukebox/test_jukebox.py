"""Jukebox's own code gave these codes and sounds for these weights; make.py wrote them.

The weights are a file as its authors publish it, so loading is shown here too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.errors import ModelError
from vocable.load import convert_checkpoint
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
CODES = [ANSWERS[f"codes_{level}"] for level in range(3)]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def check(codec):
    found = codec.to_codes(ANSWERS["sound"])
    for got, wanted in zip(found, CODES, strict=True):
        assert torch.equal(got, wanted)
    assert len(CODES[2].unique()) > 8
    for levels in (1, 2, 3):
        got, wanted = codec.from_codes(Codes(CODES[:levels])), ANSWERS[f"decoded_{levels}"]
        check_rows_equal(f"{levels} levels", got, wanted, atol=WHOLE_CODEC, axis=2)


def test_codes_and_the_sound_of_each_level():
    codec = vocable.load(HERE / "checkpoint")
    assert [level.stride for level in codec.spec.levels] == [4, 2, 1]
    check(codec)


def test_only_the_finest_level_given_counts():
    codec = vocable.load(HERE / "checkpoint")
    other = Codes([(CODES[0] + 1) % 16, (CODES[1] + 1) % 16, CODES[2]])
    assert torch.equal(codec.from_codes(other), codec.from_codes(Codes(CODES)))


def test_names_of_transformers_are_the_same_model(tmp_path):
    """Names as transformers 4 has them, alone and in the file of all of Jukebox."""
    hub = convert_checkpoint(HERE / "checkpoint", tmp_path / "hub", to="transformers").folder
    check(vocable.load(hub))
    tensors = weights.read(hub / "model.safetensors")
    assert "encoders.0.level_blocks.0.downsample_block.1.resnet_block.0.conv1d_2.bias" in tensors
    assert "decoders.2.level_blocks.1.upsample_block.0.resnet_block.0.conv1d_1.weight" in tensors
    assert {"decoders.1.level_blocks.0.proj_in.bias", "encoders.1.level_blocks.0.proj_out.bias",
            "bottleneck.level_blocks.2.codebook"} <= tensors.keys()  # fmt: skip
    whole = {f"vqvae.{key}": value for key, value in tensors.items()}
    whole["priors.0.prior.embed_tokens.weight"] = torch.ones(2)
    config = json.loads((hub / "config.json").read_text())
    stated = {"model_type": "jukebox", "vqvae_config": config, "sampling_rate": 8000}
    (tmp_path / "all").mkdir()
    torch.save(whole, tmp_path / "all" / "pytorch_model.bin")
    (tmp_path / "all" / "config.json").write_text(json.dumps(stated))
    check(vocable.load(tmp_path / "all"))


def changed(folder, change=lambda held: None, **stated):
    """Return a copy of the checkpoint with other weights, and another config."""
    shutil.copytree(HERE / "checkpoint", folder)
    held = torch.load(folder / "vqvae.pth.tar")
    change(held["model"])
    torch.save(held, folder / "vqvae.pth.tar")
    config = json.loads((folder / "config.json").read_text()) | stated
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"sampling_rate": "8000"}, "config.json says sampling_rate 8000; wanted a whole number"),
        ({"res_dilation_growth_rate": 0}, "says res_dilation_growth_rate 0; wanted a whole number"),
        ({"res_dilation_cycle": 2}, "asks for dilations that begin again"),
        ({"levels": 2}, "config.json says levels 2, which for these weights must be 3"),
        ({"res_strides_t": [2, 2, 4]}, r"config.json says res_strides_t \[2, 2, 4\]"),
    ],
)
def test_a_config_of_another_model_is_refused(stated, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path / "x", **stated))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.pop("bottleneck.level_blocks.1.k"), "make no VQ-VAE of Jukebox"),
        (lambda held: held.pop("decoders.1.out.bias"), r"lacks 1 key \(decoder\.blocks\.1\.blocks"),
        (
            lambda held: held.update({"head.weight": torch.ones(2)}),
            r"has 1 key \(head\.weight\) that the key map does not know",
        ),
    ],
)
def test_weights_that_lack_or_are_others_are_refused(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path / "x", change))
    assert "\n" not in str(refusal.value)
