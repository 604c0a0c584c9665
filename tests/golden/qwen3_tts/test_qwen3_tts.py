"""The package `qwen-tts` gave these codes and this sound for these weights (make.py)."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.codecs.keys import qwen3_tts as keys
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.codecs.qwen3_tts import PUBLISHED_CHUNKS
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.tokens import AudioTokens

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def close(got, name):
    check_rows_equal(name, got, ANSWERS[name], atol=WHOLE_CODEC, axis=2)


def test_latents_codes_and_sound():
    codec = vocable.load(HERE / "checkpoint")
    z = codec.model.encoder(codec.model._rows(ANSWERS["sound"]))
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    codes = ANSWERS["codes"].long()
    assert torch.equal(codec.to_codes(ANSWERS["sound"]).stacked(), codes)
    close(codec.from_codes(Codes(codes.unbind(1))), "decoded")
    assert float(ANSWERS["decoded"].abs().max()) == 1.0, "nothing is held within ±1"


def test_the_package_s_chunks_are_had_by_name_and_the_whole_is_another_sound():
    codec = vocable.load(HERE / "checkpoint")
    stacks = tuple(ANSWERS["long_codes"][0].numpy().astype(np.int32)[:, None])
    tokens = AudioTokens(codec.spec, stacks)
    audio = codec.decode(tokens, chunks=PUBLISHED_CHUNKS)
    close(torch.tensor(audio.samples)[None], "in_chunks")
    whole = codec.decode(tokens).samples
    edge = 300 * codec.spec.frame  # up to which both are one sound
    apart = np.abs(whole - audio.samples)[0]
    assert len(audio) == 350 * codec.spec.frame
    assert apart[:edge].max() < 1e-5 and apart[edge:].max() > 1e-3


def test_the_first_level_is_semantic_and_tokens_know_the_space_of_the_encoder():
    codec = vocable.load(HERE / "checkpoint")
    assert [level.role for level in codec.spec.levels] == ["semantic"] + ["acoustic"] * 3
    assert codec.spec.space.startswith("qwen3-tts@1:") and codec.spec.rate == 6000
    with torch.no_grad():
        next(codec.model.decoder.parameters()).add_(1)
    tokens = codec.encode(ANSWERS["sound"][0], rate=6000)
    assert tokens.spec.space == vocable.load(HERE / "checkpoint").spec.space


def copied(folder, part=None, **changes):
    """Return a copy of the checkpoint whose config says something else, of a part of it."""
    shutil.copytree(HERE / "checkpoint", folder)
    config = json.loads((folder / "config.json").read_text())
    (config[part] if part else config).update(changes)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        (None, {"encoder_valid_num_quantizers": 6}, "says encoder_valid_num_quantizers 6"),
        (None, {"decode_upsample_rate": 1920}, "says decode_upsample_rate 1920"),
        (None, {"output_sample_rate": 48_000}, "output_sample_rate 48000.*must be 6000"),
        (None, {"input_sample_rate": None}, "says input_sample_rate None; wanted whole Hz"),
        ("encoder_config", {"sampling_rate": 24_000}, "says sampling_rate 24000"),
        ("encoder_config", {"num_quantizers": 4}, "says num_quantizers 4"),
        ("encoder_config", {"use_causal_conv": False}, "says use_causal_conv False"),
        ("decoder_config", {"hidden_size": 16}, "says hidden_size 16"),
        ("decoder_config", {"head_dim": 8}, "says head_dim 8, .* must be 6"),
        ("decoder_config", {"upsample_rates": [2, 3]}, r"says upsample_rates \[2, 3\]"),
        ("decoder_config", {"hidden_act": "gelu"}, "says hidden_act gelu"),
        ("decoder_config", {"rope_scaling": {"type": "yarn"}}, "says rope_scaling"),
        ("decoder_config", {"num_attention_heads": "2"}, "does not describe a tokenizer"),
    ],
)
def test_a_config_of_another_model_is_refused(part, changes, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", part, **changes))


def test_a_toy_without_its_config_is_refused(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="not the published sizes.* put its config.json beside"):
        vocable.load(folder)


def test_of_a_language_model_s_folder_the_codec_s_is_named(tmp_path):
    copied(tmp_path / "model" / "speech_tokenizer")
    model = tmp_path / "model"
    weights.write(model / "model.safetensors", {"talker.model.norm.weight": torch.ones(4)})
    (model / "config.json").write_text('{"model_type": "qwen3_tts"}')
    with pytest.raises(ModelError, match="its codec is the folder speech_tokenizer beside it"):
        vocable.load(model)
    assert vocable.load(model / "speech_tokenizer").name == "qwen3-tts"


def test_keys_are_used_or_named_as_unused():
    checkpoint = open_checkpoint(HERE / "checkpoint")
    read = keys.read(checkpoint, keys.recognise(checkpoint))
    left_out = [f"acoustic_residual_vector_quantizer.layers.{n}." for n in (3, 4)]
    left_out += ["initialized", "cluster_usage", "k_proj", "v_proj", "up_proj"]
    left_out += ["decoder.quantizer.rvq_first.input_proj", "decoder.quantizer.rvq_rest.input_proj"]
    kept = [key for key in checkpoint.shapes if not any(part in key for part in left_out)]
    assert len(read) == len(kept)
