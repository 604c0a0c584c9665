"""transformers gave these latents and this sound for these weights (make.py)."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from vocable import weights
from vocable.audio import Audio
from vocable.codecs.keys import mimi, steps
from vocable.codecs.keys import pocket_tts as keys
from vocable.codecs.keys.change import in_pairs
from vocable.codecs.pocket_tts import pocket_tts_2m
from vocable.errors import ModelError
from vocable.load import convert_checkpoint
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.tokens import Latent

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
SOUND = Audio(ANSWERS["sound"][0].numpy(), 24_000)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_latents_and_sound():
    codec = vocable.load(HERE / "checkpoint")
    tokens = codec.encode(SOUND)
    check_rows_equal("latents", tokens.to_torch(), ANSWERS["latents"], atol=WHOLE_CODEC)
    found = codec.from_codes([ANSWERS["latents"]])
    check_rows_equal("sound", found, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)
    assert tokens.spec.levels == (Latent(6),) and tokens.spec.space.startswith("pocket-tts@1:")
    assert codec.model.config.encoder.context == 10


def test_other_layouts_and_back(tmp_path):
    convert_checkpoint(HERE / "checkpoint", tmp_path / "own")
    convert_checkpoint(tmp_path / "own", tmp_path / "back", to="transformers")
    wanted = load_file(HERE / "checkpoint" / "model.safetensors")
    found = load_file(tmp_path / "back" / "model.safetensors")
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key], value.float()) for key, value in wanted.items())


def test_a_narrower_decoder_is_not_said_by_transformers():
    with pytest.raises(ModelError, match="decoder has other sizes than its encoder"):
        keys.FORMS["transformers"].files({}, asdict(pocket_tts_2m()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"latent_dim": 7}, "says latent_dim 7, which for these weights must be 6"),
        ({"upsampling_ratios": [2, 3]}, r"says upsampling_ratios \[2, 3\]"),
        ({"hidden_act": "gelu"}, "says hidden_act gelu, .* must be gelu_pytorch_tanh"),
        ({"num_attention_heads": "x"}, "config.json does not describe a codec of Pocket TTS"),
    ],
)
def test_a_config_of_another_model_is_refused(changes, words, tmp_path):
    folder = tmp_path / "x"
    shutil.copytree(HERE / "checkpoint", folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=words):
        vocable.load(folder)


# ---- as a model of Kyutai's package holds it ----------------------------------------------------

IN_PACKAGE = (
    (r"^decoder\.layers\.([25])\.conv\.", r"decoder.layers.\1.convtr."),
    (r"^(encoder|decoder)\.layers\.", r"\1.model."),
    (r"_transformer\.layers\.", "_transformer.transformer.layers."),
    (r"\.o_proj\.", ".out_proj."),
    (r"\.mlp\.fc([12])\.", r".linear\1."),
    (r"\.input_layernorm\.", ".norm1."),
    (r"\.post_attention_layernorm\.", ".norm2."),
    (r"\.self_attn_layer_scale\.", ".layer_scale_1."),
    (r"\.mlp_layer_scale\.", ".layer_scale_2."),
    (r"^downsample\.", "downsample.conv."),
    (r"^upsample\.conv\.", "upsample.convtr.convtr."),
    (r"^latent_proj\.", "quantizer.output_proj."),
)


def as_package(folder):
    """Write the checkpoint below `mimi.`, beside a language model; return its file."""
    tensors = load_file(HERE / "checkpoint" / "model.safetensors")
    flat = steps.read([steps.Names(keys._named), mimi.MAPS], tensors)
    found = {"flow_lm.bos_emb": torch.ones(3)}
    for key, value in flat.items():
        turned = in_pairs(value, 2) if key.endswith(mimi.MAPS.into) else value
        found["mimi." + steps.substituted(key, IN_PACKAGE)] = turned.contiguous()
    folder.mkdir()
    save_file(found, folder / "model.safetensors")
    return folder / "model.safetensors"


@pytest.fixture
def published(monkeypatch):
    """Let the sizes of the checkpoint be published as `toy`."""
    config = vocable.load(HERE / "checkpoint").model.config

    def toy():
        return config

    monkeypatch.setattr(keys, "PUBLISHED", (toy,))


def test_the_package_s_file_is_the_same_model(tmp_path, published):
    wanted, found = vocable.load(HERE / "checkpoint"), vocable.load(as_package(tmp_path / "x"))
    assert found.spec.space == wanted.spec.space.replace("pocket-tts@", "toy@")
    tokens = wanted.encode(SOUND)
    assert found.encode(SOUND).latents.tobytes() == tokens.latents.tobytes()
    assert found.from_codes([tokens.to_torch()]).equal(wanted.from_codes([tokens.to_torch()]))


def test_sizes_of_no_published_model_say_too_little(tmp_path):
    with pytest.raises(ModelError, match="sizes of none of pocket_tts, pocket_tts_7m, pocket_tts_"):
        vocable.load(as_package(tmp_path / "x"))


def test_a_map_that_lacks_is_named(tmp_path, published):
    path = as_package(tmp_path / "x")
    tensors = load_file(path)
    del tensors["mimi.decoder_transformer.transformer.layers.0.linear2.weight"]
    save_file(tensors, path)
    with pytest.raises(ModelError, match=r"decoder.blocks.2.blocks.0.blocks.1.branch.blocks.3"):
        vocable.load(path)
