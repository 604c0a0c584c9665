"""EnCodec's checkpoints: recognised by their content, every key used or refused by name.

The weights are the golden toys of the `encodec` package; parity is in tests/golden, tests/parity.
"""

from dataclasses import asdict, replace

import pytest
import torch

from tests.golden.encodec.opened import checkpoint, held, load
from vocable.codecs.encodec import PUBLISHED, EnCodec
from vocable.codecs.keys import encodec as keys
from vocable.errors import ModelError
from vocable.nn.transposed import to_torch


def shapes_of(config):
    """Return the keys and shapes of the encodec package for a model of these sizes."""
    with torch.device("meta"):
        model = EnCodec(config)
        model.quantizer.drop_learning()
    return dict(_published_keys(model.state_dict()))


def _published_keys(tensors):
    for key, value in tensors.items():
        part, *rest = key.split(".")
        if part == "quantizer":
            yield f"quantizer.vq.layers.{rest[1]}._codebook.embed", tuple(value.shape)
            continue
        number, inner = rest[1], rest[2:]
        top = inner[0] in ("weight", "bias", "conv", "norm")
        if inner[:2] == ["branch", "cells"]:
            yield f"{part}.model.{number}.lstm.{inner[2]}", tuple(value.shape)
            continue
        norm, kind = "norm" in inner, inner[-1]
        shape = tuple(value.shape)
        if kind == "weight" and not norm and value.dim() == 2:
            shape = (*shape, 1)
        spread = top and part == "decoder" and kind == "weight" and value.dim() == 3
        spread = spread and number not in ("0", "15")
        if spread:
            shape = tuple(to_torch(value, value.shape[0] // value.shape[1] * 2).shape)
        name = "convtr" if top and part == "decoder" and number in ("3", "6", "9", "12") else "conv"
        where = f"{part}.model.{number}."
        if inner[0] == "branch":
            where += f"block.{inner[2]}."
        elif inner[0] == "shortcut":
            where += "shortcut."
        yield f"{where}{name}.{'norm' if norm else name}.{kind}", shape


@pytest.mark.parametrize("kind", ["causal", "symmetric", "stereo"])
def test_config_and_shapes_say_what_the_model_is(kind):
    found = keys.recognise(checkpoint(kind))
    assert (found.layout, found.architecture, found.name) == ("encodec", "encodec", "encodec")
    config = found.config
    assert config["causal"] == (kind == "causal") and config["rate"] == 8000
    assert config["unit_shortcut"] == (kind != "symmetric")
    assert config["strides"] == ((3, 5) if kind == "symmetric" else (2, 4))
    assert config["segment"] == ((160, 144) if kind == "stereo" else None)
    assert config["prefixes"] == (4,) and config["sizes"] == (32,) * 4


def test_either_revision_of_a_config_gives_the_units_that_the_weights_have():
    for said in (True, False):
        codec = load(checkpoint("symmetric", use_conv_shortcut=said))
        assert codec.model.config.unit_shortcut is False


def test_what_a_config_leaves_open_is_not_held_against_the_weights():
    """transformers writes null for what has not been set."""
    open_ = checkpoint("symmetric", hidden_size=None, trim_right_ratio=None)
    assert keys.recognise(open_).config == keys.recognise(checkpoint("symmetric")).config


def test_levels_follow_bandwidths():
    each = 5  # kbit/s of a level
    found = keys.recognise(checkpoint("causal", target_bandwidths=[each, 2 * each, 99.0]))
    assert found.config["prefixes"] == (1, 2, 4)


def test_audiocraft_s_recipe_says_what_shapes_do_not():
    found = checkpoint("symmetric")
    recipe = (
        "sample_rate: 16000\nchannels: 1\nencodec:\n  sample_rate: ${sample_rate}\n"
        "  causal: false\n  renormalize: false\nseanet:\n  causal: ${encodec.causal}\n"
        "  pad_mode: constant\n"
    )
    found = replace(found, config={}, stated={"xp.cfg": recipe})
    config = keys.recognise(found).config
    assert (config["rate"], config["causal"], config["edge"]) == (16_000, False, "zeros")
    assert keys.recognise(found).layout == "audiocraft"
    assert load(found).rate == 16_000
    for bad, words in (
        ("sample_rate: 16000\n", "lacks sample_rate, causal or pad_mode"),
        (recipe.replace("renormalize: false", "renormalize: true"), "renormalize: true"),
        (recipe.replace("constant", "circular"), 'pad_mode is "circular"'),
    ):
        with pytest.raises(ModelError, match=words):
            keys.recognise(replace(found, stated={"xp.cfg": bad}))


@pytest.mark.parametrize("make", PUBLISHED)
def test_a_file_of_published_size_needs_no_config(make):
    config, name = make(), make.__name__
    found = keys.recognise(replace(checkpoint("causal"), shapes=shapes_of(config), config={}))
    assert (found.name, dict(found.config)) == (name, asdict(config))


def test_a_file_of_another_size_needs_its_config():
    with pytest.raises(ModelError, match="sizes of none of encodec_24khz, .* put its config.json"):
        keys.recognise(replace(checkpoint("causal"), config={}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_filters": 32}, "num_filters 32, which for these weights must be 2; fetch both"),
        ({"upsampling_ratios": [8, 5]}, r"upsampling_ratios \[8, 5\], .* must be \(4, 2\)"),
        ({"normalize": True}, "normalize True, which for these weights must be False"),
        ({"trim_right_ratio": 0.5}, "trim_right_ratio 0.5"),
        ({"pad_mode": "replicate"}, 'pad_mode is "replicate"; EnCodec pads by reflect, constant'),
        ({"target_bandwidths": 3}, "config.json does not describe an EnCodec"),
        ({"sampling_rate": "fast"}, "config.json says sampling_rate"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(changes, words):
    with pytest.raises(ModelError, match=words):
        keys.recognise(checkpoint("causal", **changes))


def tensors_of(kind):
    found = checkpoint(kind)
    return found.tensors(), found.config


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("encoder.model.1.block.3.conv.conv.bias", "lacks 1 key .encoder.blocks.1.branch.blocks.3"),
        ("encoder.model.0.conv.conv.weight_g", "conv.weight_v without its other half"),
        ("quantizer.vq.layers.1._codebook.embed", "checkpoint: weights of such shapes"),
        ("encoder.model.3.conv.conv.weight_v", "3 convolutions in its encoder, 4 in its decoder"),
    ],
)
def test_missing_keys_are_named(lost, words):
    tensors, config = tensors_of("causal")
    del tensors[lost]
    with pytest.raises(ModelError, match=words):
        load(held(tensors, **config))


def test_keys_that_are_too_many_are_named():
    tensors, config = tensors_of("causal")
    tensors["encoder.extra.weight"] = torch.zeros(1)
    with pytest.raises(ModelError, match=r"1 key \(encoder.extra.weight\) that the key map does"):
        load(held(tensors, **config))


def test_a_tensor_of_another_shape_is_named():
    tensors, config = tensors_of("causal")
    tensors["decoder.model.0.conv.conv.bias"] = torch.zeros(3)
    with pytest.raises(ModelError, match=r"decoder.blocks.0.bias of shape \[3\]"):
        load(held(tensors, **config))


def test_other_families_are_not_taken():
    tensors, config = tensors_of("causal")
    assert keys.recognise(held({"encoder.block.0.weight": torch.zeros(1)})) is None
    speechtokenizer = tensors | {"encoder.model.7.lstm.weight_ih_l0_reverse": torch.zeros(1)}
    assert keys.recognise(held(speechtokenizer, **config)) is None
    decoder = {key: value for key, value in tensors.items() if not key.startswith("encoder")}
    assert keys.recognise(held(decoder, **config)) is None
