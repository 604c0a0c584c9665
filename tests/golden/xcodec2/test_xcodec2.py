"""transformers gave these latents, codes and sound for small weights of X-Codec 2 and NeuCodec.

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
KINDS = ("xcodec2", "neucodec")
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def written(folder, kind, change=lambda tensors: None, **config):
    """Write a checkpoint, with other weights or another config."""
    kept = json.loads((HERE / f"{kind}.json").read_text())
    tensors = drawn.tensors(kept["shapes"])
    change(tensors)
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(kept["config"] | config))
    return folder


@kinds
def test_latents_codes_and_sound(kind, tmp_path):
    answers = weights.read(HERE / f"{kind}.safetensors")
    codec = vocable.load(written(tmp_path / "x", kind))
    z = codec.model.encoder(codec.model._rows(answers["sound"]))
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(answers["sound"]).stacked()
    assert torch.equal(found, answers["codes"]) and len(found.unique()) > 2
    got = codec.from_codes(Codes((answers["codes"][:, 0],)))
    check_rows_equal("sound", got, answers["decoded"], atol=WHOLE_CODEC, axis=2)


@kinds
def test_files_hold_what_is_needed(kind, tmp_path):
    """Saved in our own layout, tokens of one are tokens of the other."""
    codec = vocable.load(written(tmp_path / "x", kind))
    tokens = codec.encode(np.zeros((1, 700), np.float32), rate=16_000)
    tokens.save(tmp_path / "t.vcb")
    save_model(codec.model, tmp_path / "own")
    again = vocable.load(tmp_path / "own")
    sound = again.decode(vocable.read_tokens(tmp_path / "t.vcb"))
    assert sound.samples.shape == (1, 700) and sound.rate == 16_000
    np.testing.assert_array_equal(sound.samples, codec.decode(tokens).samples)


def test_whole_recordings_only():
    codec = small_codec("xcodec2")
    with pytest.raises(ModelError, match="takes whole recordings: its encoder looks over all"):
        codec.start_encoding(1)
    with pytest.raises(ModelError, match="decodes whole recordings: its decoder looks over all"):
        codec.start_decoding(1)
    with pytest.raises(ModelError, match="Heard hears the whole recording, so it has no steps"):
        codec.model.encoder.step(torch.zeros(1, 320, 1), ())


def test_frames_of_another_length_than_those_of_w2v_bert_are_refused():
    codec = small_codec("xcodec2")
    with pytest.raises(ModelError, match=r"strides \(16, 10\) make frames of 160 samples, but"):
        type(codec.model)(
            codec.model.config.__class__(**vars(codec.model.config) | {"strides": (16, 10)})
        )


def without(*parts):
    def change(tensors):
        for key in [key for key in tensors if key.startswith(parts)]:
            del tensors[key]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("semantic_encoder."), "lacks w2v-BERT 2.0, which its package fetches from else"),
        (
            without("semantic_encoder.encoder.layers.0.self_attn.linear_k."),
            r"linear_k\.\w+, without which others mean nothing; fetch it again",
        ),
        (without("semantic_adapter.conv4."), r"lacks 1 key \(encoder.adapter.blocks.3.weight\)"),
        (without("quantizer."), "make no X-Codec 2 and no NeuCodec"),
        (without("acoustic_encoder.snake1."), r"lacks 2 keys \(encoder.sound.blocks.5.blocks.1"),
        (without("acoustic_decoder.layers.1.mlp.fc2"), r"lacks 1 key \(decoder.blocks.5.blocks.1"),
        (lambda found: found.update({"head.weight": torch.ones(2)}), r"has 1 key \(head.weight\)"),
        (
            lambda found: found.update({"quantizer.project_in.bias": torch.ones(9)}),
            r"of shape \[9\]; this model needs \[8\]",
        ),
    ],
)
def test_parts_that_lack_or_are_others_are_refused(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", "xcodec2", change))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("xcodec2", {"sampling_rate": 24_000}, "sampling_rate 24000, .* must be 16000"),
        ("neucodec", {"output_sampling_rate": 48_000}, "output_sampling_rate 48000, .* be 24000"),
        ("xcodec2", {"model_type": "neucodec"}, "model_type neucodec, .* must be xcodec2"),
        ("xcodec2", {"quantization_levels": [4, 4]}, "has 2 quantization_levels, the weights 8"),
        ("xcodec2", {"quantization_levels": [4] * 7 + [2]}, "by AtanhBound a number has 3 to"),
        ("xcodec2", {"num_attention_heads": 3}, "num_key_value_heads 2, .* must be 3"),
        ("xcodec2", {"hidden_act": "gelu"}, "hidden_act gelu, .* must be silu"),
        ("xcodec2", {"downsampling_ratios": [5, 4, 4, 4]}, "says downsampling_ratios"),
    ],
)
def test_a_config_of_another_model_is_refused(kind, config, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", kind, **config))
    assert "\n" not in str(refusal.value)
