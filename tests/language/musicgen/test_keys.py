"""Checkpoints of MusicGen, as transformers and AudioCraft have them, and those that are damaged."""

import re
from functools import cache

import pytest
import torch

from tests.language.musicgen.toys import (
    CODES,
    TEXT,
    opened,
    theirs,
    whole_of_theirs,
)
from vocable import weights
from vocable.errors import ModelError
from vocable.language.keys import musicgen as keys
from vocable.language.musicgen import (
    MusicGen,
    MusicGenConfig,
    musicgen_large,
    musicgen_medium,
    musicgen_small,
)

HEADS = {"num_attention_heads": 4}


@cache
def published():
    model = whole_of_theirs()
    return model.state_dict(), model.config.to_dict()


def as_audiocraft(tensors):
    """Return the keys that transformers' conversion of AudioCraft's files would read."""
    found = {}
    names = {
        "decoder.model.decoder.embed_tokens.": "emb.",
        "decoder.model.decoder.layer_norm.": "out_norm.",
        "decoder.model.decoder.": "transformer.",
        "decoder.lm_heads.": "linears.",
        "enc_to_dec_proj.": "condition_provider.conditioners.description.output_proj.",
        "encoder_attn_layer_norm": "norm_cross",
        "encoder_attn": "cross_attention",
        "self_attn_layer_norm": "norm1",
        "final_layer_norm": "norm2",
        "fc": "linear",
    }
    for key, value in tensors.items():
        if key.startswith(("text_encoder.", "audio_encoder.")):
            continue
        for theirs_name, name in names.items():
            key = key.replace(theirs_name, name)
        if match := re.fullmatch(r"(.+_attn|.+cross_attention)\.([qkv])_proj\.weight", key):
            found.setdefault(match[1] + ".in_proj_weight", {})[match[2]] = value
        else:
            found[key] = value
    return {k: torch.cat([v[p] for p in "qkv"]) if isinstance(v, dict) else v
            for k, v in found.items()}  # fmt: skip


def same(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for key, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[key]), key


def test_every_layout_is_the_same_model():
    tensors, stated = published()
    whole, found = opened(tensors, stated)
    assert (found.layout, found.inside) == ("transformers", "audio_encoder.")
    assert found.codec["codebook_size"] == CODES
    decoder = {k.removeprefix("decoder."): v for k, v in tensors.items() if k[:8] == "decoder."}
    text = {k: v for k, v in tensors.items() if k.startswith("enc_to_dec_proj")}
    alone, found = opened(decoder | text, stated["decoder"])
    assert found.inside is None
    same(whole, alone)
    original, found = opened(as_audiocraft(tensors), HEADS)
    assert (found.layout, found.name) == ("audiocraft", "musicgen-2x32")
    same(whole, original)


def test_what_config_json_says_is_what_the_model_is():
    model, found = opened(*published())
    assert MusicGenConfig(**found.config) == MusicGenConfig(
        width=32,
        layers=2,
        heads=4,
        hidden=48,
        codes=CODES,
        text=TEXT,
        context=64,
        rate=24_000,
        frame=8,
    )
    stereo = theirs(2)
    model, found = opened(stereo.state_dict(), stereo.config.to_dict())
    assert (model.config.channels, model.config.levels, model.config.text) == (2, 4, None)


@pytest.mark.parametrize("config", [musicgen_small(2), musicgen_medium(), musicgen_large()])
def test_published_sizes_are_known_without_a_config(config):
    """AudioCraft's files say nothing beside their shapes."""
    width, rows = config.width, range(config.rows)
    found = {f"emb.{row}.weight": (2049, width) for row in rows}
    found |= {f"linears.{row}.weight": (2048, width) for row in rows}
    for layer in range(config.layers):
        found[f"transformer.layers.{layer}.linear1.weight"] = (4 * width, width)
        found[f"transformer.layers.{layer}.norm_cross.weight"] = (width,)
    found["condition_provider.conditioners.description.output_proj.weight"] = (width, 768)
    recognised = keys.recognise(found, {})
    assert MusicGenConfig(**recognised.config) == config
    assert recognised.name in ("musicgen-stereo-small", "musicgen-medium", "musicgen-large")


@pytest.mark.parametrize("channels", [1, 2])
def test_the_published_size_of_transformers_fits(channels):
    """Its defaults are those of the small model."""
    transformers = pytest.importorskip("transformers")
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    config = MusicgenDecoderConfig(num_codebooks=4 * channels, audio_channels=channels)
    with torch.device("meta"):
        tensors = transformers.MusicgenForCausalLM(config).state_dict()
        tensors |= {
            "enc_to_dec_proj.weight": torch.empty(1024, 768),
            "enc_to_dec_proj.bias": torch.empty(1024),
        }
        model = MusicGen(musicgen_small(channels))
        shapes = {key: tuple(value.shape) for key, value in tensors.items()}
        found = keys.recognise(shapes, config.to_dict())
        assert MusicGenConfig(**found.config) == musicgen_small(channels)
        weights.check_fits(model.state_dict(), keys.read(tensors, found))


def test_bf16_on_disk_is_read_exactly(tmp_path):
    tensors, stated = published()
    rounded = {key: value.bfloat16() for key, value in tensors.items()}
    weights.write(tmp_path / "model.safetensors", rounded)
    model, _ = opened(weights.read(tmp_path / "model.safetensors"), stated)
    wanted, _ = opened({key: value.float() for key, value in rounded.items()}, stated)
    same(model, wanted)
    narrow = MusicGen(model.config).bfloat16()
    weights.load_tensors(narrow, {k: v.bfloat16() for k, v in model.state_dict().items()})
    same(narrow.float(), wanted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decoder.lm_heads.1.weight": None}, "num_codebooks 4, which for these weights must be 3"),
        (
            {"decoder.model.decoder.layers.1.fc2.weight": None},
            "lacks 1 key (trunk.layers.1.mlp",
        ),
        ({"decoder.model.decoder.layers.0.self_attn.k_proj.weight": None}, "not k; fetch it again"),
        ({"decoder.surplus": torch.zeros(1)}, "1 key (decoder.surplus) that the key map does not"),
        (
            {"decoder.model.decoder.layers.1.fc2.weight": torch.zeros(32, 47)},
            "has trunk.layers.1.mlp.out.weight of shape [32, 47]; this model needs [32, 48]",
        ),
        (
            {"decoder.model.decoder.layers.0.self_attn.k_proj.weight": torch.zeros(32, 31)},
            "has parts of model.decoder.layers.0.self_attn.into.weight that do not fit: [32, 32], "
            "[32, 31], [32, 32]",
        ),
    ],
)
def test_damaged_checkpoints_are_refused(change, message):
    tensors, stated = published()
    tensors = {k: v for k, v in {**tensors, **change}.items() if v is not None}
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        opened(tensors, stated)
    assert "\n" not in str(caught.value)


def test_configs_of_other_models_are_refused():
    tensors, stated = published()
    for key, value in {"hidden_size": 64, "activation_function": "relu"}.items():
        with pytest.raises(ModelError, match=f"config.json says {key} {value}, which for these"):
            opened(tensors, {**stated, "decoder": {**stated["decoder"], key: value}})
    with pytest.raises(ModelError, match="2 layers of width 32, which is no published one"):
        opened(tensors, {})
    assert keys.recognise({"model.embed_tokens.weight": (8, 8)}, {}) is None
    with pytest.raises(ModelError, match="has 4 levels of 8 codes and 3 channels"):
        MusicGenConfig(width=16, layers=1, heads=2, hidden=8, codes=8, channels=3)


def test_abilities_are_known_without_weights():
    able = musicgen_small().abilities
    assert (able.continues, able.text, able.levels, able.rate) == (True, "a description", 4, 32_000)
    assert able.seconds == pytest.approx((2048 - 3) / 50)
