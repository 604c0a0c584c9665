"""transformers gave these latents, codes and sound for small weights of X-Codec and of Higgs audio.

Their checkpoints are written as transformers saves them, so loading is shown here too.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.golden import drawn
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.errors import ModelError
from vocable.load import save_model
from vocable.testing.codec_examples import small_codec
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
names = pytest.mark.parametrize("name", ["xcodec_wavlm", "higgs"])


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def written(folder, name, change=lambda tensors: None, **config):
    """Write a checkpoint, with other weights or another config."""
    kept = json.loads((HERE / f"{name}.json").read_text())
    tensors = drawn.tensors(kept["shapes"])
    change(tensors)
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(kept["config"] | config))
    return folder


@names
def test_latents_codes_and_sound(name, tmp_path):
    answers = weights.read(HERE / f"{name}.safetensors")
    codec = vocable.load(written(tmp_path / "x", name))
    z = codec.model.encoder(codec.model._rows(answers["sound"]))
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(answers["sound"]).stacked()
    assert torch.equal(found, answers["codes"]) and len(found.unique()) > 4
    got = codec.from_codes(Codes(answers["codes"].unbind(1)))
    check_rows_equal("sound", got, answers["decoded"], atol=WHOLE_CODEC, axis=2)


@names
def test_saved_in_our_own_layout_tokens_stay_tokens(name, tmp_path):
    codec = vocable.load(written(tmp_path / "x", name))
    tokens = codec.encode(np.zeros((1, 700), np.float32), rate=codec.rate)
    tokens.save(tmp_path / "t.vcb")
    save_model(codec.model, tmp_path / "own")
    sound = vocable.load(tmp_path / "own").decode(vocable.read_tokens(tmp_path / "t.vcb"))
    assert sound.samples.shape == (1, 700) and sound.rate == codec.rate
    np.testing.assert_array_equal(sound.samples, codec.decode(tokens).samples)


def test_it_decodes_in_steps_and_encodes_whole_recordings():
    codec = small_codec("higgs")
    assert codec.model.decodes_in_steps
    with pytest.raises(ModelError, match="takes whole recordings: its encoder looks over all"):
        codec.start_encoding(1)


def without(*parts):
    def change(tensors):
        for key in [key for key in tensors if key.startswith(parts)]:
            del tensors[key]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("semantic_model."), r"lacks semantic_model.…, by which it encodes; fetch it"),
        (without("semantic_model.encoder.pos_conv"), "lacks its positional convolution"),
        (without("encoder_semantic.conv_blocks.1.conv."), "says strides .* must be"),
        (without("quantizer."), "weights of such shapes make no X-Codec"),
        (without("acoustic_encoder.snake1."), r"lacks 1 key \(encoder.sound.blocks.6.alpha\)"),
        (without("fc2."), r"lacks 2 keys \(decoder.blocks.0."),
        (lambda found: found.update({"head.weight": torch.ones(2)}), r"has 1 key \(head.weight\)"),
    ],
)
def test_parts_that_lack_or_are_others_are_refused(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", "higgs", change))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        ("higgs", {"sample_rate": "fast"}, "says sample_rate fast; wanted whole Hz, from 1"),
        ("higgs", {"model_type": "xcodec"}, "model_type xcodec, .* must be higgs_audio_v2"),
        ("xcodec_wavlm", {"codebook_size": 64}, "codebook_size 64, .* must be 32"),
        ("xcodec_wavlm", {"block_dilations": [1]}, "has 1 block_dilations, the weights 2 units"),
        ("xcodec_wavlm", {"kernel_size": 5}, "kernel_size 5, .* must be 3"),
        ("xcodec_wavlm", {"target_bandwidths": "all"}, "weights of such shapes make no X-Codec"),
        (
            "xcodec_wavlm",
            {"acoustic_model_config": {"downsampling_ratios": [2, 4, 5, 8]}},
            "says downsampling_ratios",
        ),
    ],
)
def test_a_config_of_another_model_is_refused(name, config, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", name, **config))
    assert "\n" not in str(refusal.value)


def test_without_its_config_it_says_what_to_do(tmp_path):
    folder = written(tmp_path / "x", "higgs")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="without its config.json, which says its rate; put it"):
        vocable.load(folder)
