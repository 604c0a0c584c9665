"""Checkpoints of Moshi, of transformers and of Kyutai's package, and those that are damaged."""

import re
from dataclasses import replace
from functools import cache

import pytest
import torch

from tests.golden.moshi.opened import CONFIG as PACKAGE
from tests.golden.moshi.opened import LATE, as_published, state
from tests.language.moshi.toys import CONFIG, opened, theirs
from vocable import weights
from vocable.errors import ModelError
from vocable.language.keys import moshi as keys
from vocable.language.moshi import Moshi, MoshiConfig, moshi_7b


@cache
def of_transformers():
    return theirs().state_dict(), theirs().config.to_dict()


def same(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for key, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[key]), key


def as_package(model):
    """Return the keys of the package for a model of ours; pairs are neighbours there."""
    found, heads = {}, model.config.temporal.heads
    names = {
        "head": "text_linear", "attention.out": "self_attn.out_projs.{}",
        "attention.into": "self_attn.in_projs.{}", "mlp.into": "gating.{}.linear_in",
        "mlp.out": "gating.{}.linear_out", "depth.into": "depformer_in.{}",
        "depth.heads": "linears.{}", "attention_norm": "norm1", "mlp_norm": "norm2",
    }  # fmt: skip
    for key, value in model.state_dict().items():
        key = key.removesuffix(".weight")
        if match := re.fullmatch(r"(tables|inner)\.(\d+)", key):
            part = {"tables": "", "inner": "depformer_"}[match[1]]
            text, number = match[2] == "0", int(match[2]) - 1
            found[f"{part}text_emb.weight" if text else f"{part}emb.{number}.weight"] = value
            continue
        if "norm" in key:
            key = key.replace("trunk.norm", "out_norm")
            value = value[None, None]
        deep = key.startswith("depth.trunk.")
        key = key.replace("depth.trunk.", "depformer.").replace("trunk.", "transformer.")
        for ours, theirs_name in names.items():
            key = re.sub(rf"(^|\.){re.escape(ours)}$", rf"\1{theirs_name}", key)
        suffix = ".alpha" if "norm" in key else ".weight"
        if "in_projs" in key and not deep:
            query, keys_, rest = value.chunk(3)
            turned = [
                rows.reshape(heads, 2, -1, rows.shape[1]).transpose(1, 2).reshape(rows.shape)
                for rows in (query, keys_)
            ]
            value = torch.cat((*turned, rest))
        if value.dim() == 3 and "{}" in key:
            found |= {key.format(n) + suffix: each for n, each in enumerate(value)}
        else:
            key = key.replace("gating.{}", "gating").format(0)
            found[key + suffix] = value
    return found


def test_every_layout_is_the_same_model():
    model, found = opened(*of_transformers())
    assert (found.layout, found.inside, found.name) == (
        "transformers", "audio_encoder.", "moshi-2x32",
    )  # fmt: skip
    assert found.codec["codebook_size"] == CONFIG.codes
    assert model.config == CONFIG
    stated = PACKAGE | dict(
        dim=32, num_heads=4, context=40, card=CONFIG.codes, text_card=CONFIG.text
    )
    today = as_package(model)
    for tensors in (today, as_published(today)):
        other, found = opened(tensors, stated)
        assert (found.layout, found.inside) == ("moshi", None)
        assert replace(other.config, frame=CONFIG.frame) == CONFIG  # there it is Mimi's own
        same(model, other)


def test_the_package_itself_has_these_keys():
    ours, _ = opened(state(), PACKAGE)
    assert as_package(ours).keys() == state().keys()
    for key, value in as_package(ours).items():
        assert torch.equal(value, state()[key].float()), key


def published_shapes():
    """The keys of Moshiko's own file, in the shapes of the published size."""
    with torch.device("meta"):
        model = Moshi(moshi_7b())
    shapes = {key: value.shape for key, value in as_package(model).items()}
    for key in [key for key in shapes if "depformer.layers" in key and "_projs" in key]:
        rows, width = shapes.pop(key)
        today, then = ("in_projs", "in_proj_weight") if "in_projs" in key else (
            "out_projs", "out_proj.weight")  # fmt: skip
        shapes[key.partition(today)[0] + then] = (8 * rows, width)
    return {
        key.replace("in_projs.0.weight", "in_proj_weight").replace("out_projs.0", "out_proj"): (
            tuple(shape)
        )
        for key, shape in shapes.items()
    }


def test_the_published_size_is_known_without_a_config():
    shapes = published_shapes()
    found = keys.recognise(shapes, {})
    assert (found.name, found.layout) == ("moshi-7b", "moshi")
    assert "transformer.layers.31.self_attn.in_proj_weight" in shapes
    assert shapes["depformer.layers.5.self_attn.in_proj_weight"] == (24_576, 1024)
    with torch.device("meta"):
        model = Moshi(moshi_7b())
        tensors = {key: torch.empty(shape) for key, shape in shapes.items()}
        read = keys.read(tensors, found)
    weights.check_fits(model.state_dict(), read)
    millions = {"trunk": 0.0, "depth": 0.0, "tables": 0.0}
    for key, value in model.state_dict().items():
        part = key.partition(".")[0]
        part = {"inner": "depth", "head": "trunk"}.get(part, part)
        millions[part] += value.numel() / 1e6
    text = 32_001 * 4096 / 1e6
    assert millions["tables"] - text == pytest.approx(134.3, abs=0.05)
    assert millions["trunk"] + text == pytest.approx(6839.1, abs=0.05)
    assert millions["depth"] == pytest.approx(714.4, abs=0.05)


def test_the_published_size_of_transformers_fits():
    """Its defaults are those of the 7B model."""
    transformers = pytest.importorskip("transformers")
    mimi = transformers.MimiConfig(num_hidden_layers=1)
    config = transformers.MoshiConfig(
        audio_encoder_config=mimi.to_dict(),
        depth_decoder_config=transformers.MoshiDepthConfig().to_dict(),
    )
    with torch.device("meta"):
        tensors = transformers.MoshiForConditionalGeneration(config).state_dict()
        model = Moshi(moshi_7b())
        shapes = {key: tuple(value.shape) for key, value in tensors.items()}
        found = keys.recognise(shapes, config.to_dict())
        assert (found.name, found.inside) == ("moshi-7b", "audio_encoder.")
        weights.check_fits(model.state_dict(), keys.read(tensors, found))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out_norm.alpha": None}, "lacks 1 key (trunk.norm.weight)"),
        ({"linears.5.weight": None}, "dep_q 8, which for these weights must be 7"),
        ({"depformer_in.5.weight": None}, "depformer_in.0.weight but of its kind not 5; fetch"),
        ({"depformer.layers.1.gating.7.linear_in.weight": None}, "of its kind not 7; fetch"),
        ({"condition_provider.x": torch.zeros(1)}, "1 key (condition_provider.x) that the key map"),
        ({"emb.3.weight": torch.zeros(16, 16)}, "[16, 16]; this model needs [17, 16]"),
        (
            {"transformer.layers.0.self_attn.in_projs.0.weight": torch.zeros(47, 16)},
            "has trunk.layers.0.attention.into.weight of shape [47, 16]; this model needs [48, 16]",
        ),
        ({"transformer.layers.0.gating.linear_in.weight": None}, "but lacks transformer.layers.0"),
    ],
)
def test_damaged_checkpoints_are_refused(change, message):
    tensors = {k: v for k, v in {**state(), **change}.items() if v is not None}
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        opened(tensors, PACKAGE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"dim": 32}, "config.json says dim 32, which for these weights must be 16"),
        ({"model_type": "hibiki"}, "config.json says model_type hibiki"),
        ({"depformer_pos_emb": "sin"}, "config.json says depformer_pos_emb sin"),
        (
            {"conditioners": {"a": 1}},
            "config.json has conditioners, which models that can be",
        ),
        ({"delays": [0, *[1] * 16]}, "config.json says delays [0, 1, 1,"),
        ({"delays": LATE[:9]}, "config.json says delays [0, 0, 1,"),
    ],
)
def test_configs_of_other_models_are_refused(stated, message):
    with pytest.raises(ModelError, match=re.escape(message)):
        opened(state(), {**PACKAGE, **stated})


def test_files_that_say_too_little_are_refused():
    for tensors, width in ((state(), 16), (of_transformers()[0], 32)):
        with pytest.raises(ModelError, match=f"width {width}, which is not the published one, and"):
            opened(tensors, {})
    assert keys.recognise({"model.embed_tokens.weight": (8, 8)}, {}) is None
    tensors, stated = of_transformers()
    for key, value in {"num_key_value_heads": 2, "hidden_act": "gelu"}.items():
        with pytest.raises(ModelError, match=f"config.json says {key} {value}, which for these"):
            opened(tensors, {**stated, key: value})


def test_bf16_on_disk_is_read_exactly(tmp_path):
    weights.write(tmp_path / "model.safetensors", as_published(state()))
    found = weights.read(tmp_path / "model.safetensors")
    assert {value.dtype for value in found.values()} == {torch.bfloat16}
    same(opened(found, PACKAGE)[0], opened(state(), PACKAGE)[0])


def test_configs_that_cannot_be():
    changes = {
        "weights for each; its depth model has sets = 8": {"levels": 7},
        "codes must be at least 1 but is 0": {"codes": 0},
        "delay must be 0 steps or more but is -1": {"delay": -1},
        "neither cross-attention nor sets": {"temporal": CONFIG.depth},
    }
    for message, change in changes.items():
        with pytest.raises(ModelError, match=message):
            MoshiConfig(**{**CONFIG.__dict__, **change})


def test_abilities_are_known_without_weights():
    able = moshi_7b().abilities
    assert (able.text, able.levels, able.rate) == ("heard and spoken", 8, 24_000)
    assert (able.context, able.seconds) == (3000, 240)
