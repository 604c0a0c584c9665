"""Mimi's checkpoints: recognised by their content, every key used or refused by name.

The weights are the golden toy of `moshi`; parity is in tests/golden and tests/parity.
"""

import json
from dataclasses import asdict

import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.golden.encodec.opened import held
from tests.golden.mimi.layouts import layouts
from tests.golden.mimi.make import TOY
from tests.golden.mimi.opened import checkpoint, load, state
from vocable.codecs.keys import dac, encodec
from vocable.codecs.keys import mimi as keys
from vocable.codecs.mimi import Mimi, MimiConfig, mimi
from vocable.errors import ModelError
from vocable.nn.transposed import to_torch

LAYOUTS = layouts(state(), heads=TOY["num_attention_heads"])
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


@every_layout
def test_all_layouts_give_equal_tensors_and_one_config(layout):
    found = keys.recognise(checkpoint(LAYOUTS[layout]))
    assert found.layout == ("transformers" if layout in ("flat", "tree") else "moshi")
    assert (found.name, found.architecture) == ("mimi", "mimi")
    wanted = load(checkpoint()).model
    model = load(checkpoint(LAYOUTS[layout])).model
    assert model.config == wanted.config
    for key, value in wanted.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key


def test_config_and_shapes_say_what_the_model_is():
    wanted = MimiConfig(
        filters=2, strides=(2, 3), latent=16, layers=2, heads=2, hidden=32, context=12,
        codebook_width=8, sizes=(32,) * 4,
    )  # fmt: skip
    assert load(checkpoint()).model.config == wanted
    changed = {"sampling_rate": 16_000, "sliding_window": 7, "rope_parameters": {"rope_theta": 99}}
    config = load(checkpoint(**changed)).model.config
    assert (config.rate, config.context, config.base) == (16_000, 7, 99.0)
    assert load(checkpoint(rope_theta=500.0)).model.config.base == 500  # as before transformers 5


def test_entries_are_sums_by_counts_and_those_never_used_stay_finite():
    tensors, book = dict(LAYOUTS["flat"]), "quantizer.semantic_residual_vector_quantizer.layers.0."
    sums, counts = tensors[book + "codebook.embed_sum"], tensors[book + "codebook.cluster_usage"]
    assert (counts == 0).any()
    entries = load(checkpoint(tensors)).model.quantizer.parts[0].stack[0].codebook.entries
    assert torch.equal(entries, sums / counts.clamp(min=1e-5)[:, None])


def test_half_precision_is_read_and_quotients_are_formed_in_fp32():
    low = {key: value.bfloat16() for key, value in LAYOUTS["published"].items()}
    entries = load(checkpoint(low)).model.quantizer.parts[1].stack[2].codebook.entries
    book = "quantizer.rvq_rest.vq.layers.2._codebook."
    sums, counts = low[book + "embedding_sum"].float(), low[book + "cluster_usage"].float()
    assert torch.equal(entries, sums / counts.clamp(min=1e-5)[:, None])


def shapes_of(config: MimiConfig) -> dict[str, tuple[int, ...]]:
    """Return moshi's keys and shapes for a model of these sizes, those of few parts by hand."""
    with torch.device("meta"):
        model = Mimi(config)
    model.quantizer.drop_learning()
    own = model.state_dict()
    found = {}
    for key, value in own.items():
        shape, kind = tuple(value.shape), key.rpartition(".")[2]
        side, _, place, _, number, *inner = (key + ".....").split(".")[:9]
        seanet = (side, place) in (("encoder", "0"), ("decoder", "2"))
        if not seanet:
            continue
        name = f"{side}.model.{number}."
        if inner[0] == "branch":
            shape = (*shape, 1) if inner[2] == "3" and kind == "weight" else shape
            found[f"{name}block.{inner[2]}.conv.conv.{kind}"] = shape
        elif side == "decoder" and number not in ("0", "14"):
            shape = (
                to_torch(value, value.shape[0] // value.shape[1] * 2).shape if shape[1:] else shape
            )
            found[f"{name}convtr.convtr.{kind}"] = tuple(shape)
        else:
            found[f"{name}conv.conv.{kind}"] = shape
    c, wide = config, config.latent
    for n in range(c.layers):
        layer = f"encoder_transformer.transformer.layers.{n}."
        found[layer + "self_attn.in_proj_weight"] = (3 * wide, wide)
        found[layer + "linear1.weight"] = (c.hidden, wide)
    found["downsample.conv.conv.conv.weight"] = (wide, wide, 2 * c.resample)
    for part, levels in (("first", c.sizes[: c.semantic]), ("rest", c.sizes[c.semantic :])):
        vq = f"quantizer.rvq_{part}."
        found[vq + "input_proj.weight"] = (c.codebook_width, wide, 1)
        for n, size in enumerate(levels):
            found[f"{vq}vq.layers.{n}._codebook.embedding_sum"] = (size, c.codebook_width)
    return found


@pytest.mark.parametrize("levels", [8, 32])
def test_a_file_of_the_published_sizes_needs_no_config(levels):
    config = MimiConfig(sizes=(2048,) * levels)
    meta = {key: torch.empty(shape, device="meta") for key, shape in shapes_of(config).items()}
    for beside in ({}, {"model_type": "moshi", "num_heads": 32, "context": 3000}):
        found = keys.recognise(held(meta, **beside))
        assert found.layout == "moshi" and found.config == asdict(config)
    assert config == mimi() or levels == 8


def test_other_sizes_need_a_config():
    with pytest.raises(ModelError, match="filters 2, not 64 .* put its config.json beside it"):
        keys.recognise(held(state()))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"num_filters": 64}, "num_filters 64, which for these weights must be 2"),
        ({"upsampling_ratios": [2, 3]}, r"upsampling_ratios \[2, 3\].* must be \(3, 2\)"),
        ({"num_quantizers": 8}, "num_quantizers 8, which for these weights must be 4"),
        ({"use_causal_conv": False}, "use_causal_conv False"),
        ({"pad_mode": "reflect"}, "pad_mode reflect"),
        ({"hidden_act": "silu"}, "hidden_act silu"),
        ({"num_key_value_heads": 1}, "num_key_value_heads 1"),
        ({"num_attention_heads": 0}, "config.json does not describe a Mimi"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "rope_type yarn"),
        ({"rope_parameters": 3}, "config.json does not describe a Mimi"),
    ],
)
def test_a_config_that_the_weights_or_mimi_contradict_is_refused(changes, says):
    with pytest.raises(ModelError, match=says):
        load(checkpoint(**changes))


@pytest.mark.parametrize("layout", ["published", "flat"])
def test_every_key_is_used_or_named(layout):
    tensors = LAYOUTS[layout]
    with pytest.raises(ModelError, match=r"has 1 key \(encoder.extra\) that the key map does not"):
        load(checkpoint({**tensors, "encoder.extra": torch.zeros(1)}))
    needless = [key for key in tensors if key.endswith("nitialized") or key.endswith("inited")]
    assert len(needless) == 4
    load(checkpoint({key: value for key, value in tensors.items() if key not in needless}))
    needed = [key for key in tensors if key not in needless and "input_proj" not in key]
    for key in needed[::3]:
        with pytest.raises(ModelError, match=r"^[^\n]*(lacks|make no Mimi|must be)[^\n]*$"):
            load(checkpoint({k: v for k, v in tensors.items() if k != key}))


def test_files_of_any_layout_load_and_are_one_space(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    spaces, sound = set(), torch.randn(1, 500, generator=torch.Generator().manual_seed(1)) / 9
    for layout in ("published", "flat"):
        folder = tmp_path / layout
        folder.mkdir()
        found = {key: value.contiguous() for key, value in LAYOUTS[layout].items()}
        save_file(found, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps({"model_type": "mimi", **TOY}))
        for _ in range(2):  # the second time from the cache
            codec = vocable.load(folder)
            spaces.add(codec.spec.space)
            tokens = codec.encode(sound, rate=24_000)
            assert len(codec.decode(tokens)) == 500
    assert len(spaces) == 1 and spaces.pop().startswith("mimi@1:")


def test_two_keys_that_mean_one_are_refused():
    tensors = {**LAYOUTS["published"], **LAYOUTS["moshi"]}
    with pytest.raises(ModelError, match="checkpoint has two keys for .*self_attn.in_proj.weight"):
        load(checkpoint(tensors))


def test_other_families_do_not_take_it_nor_it_them():
    for tensors in LAYOUTS.values():
        assert encodec.recognise(checkpoint(tensors)) is None
        assert dac.recognise(checkpoint(tensors)) is None
    assert keys.recognise(held({"encoder.layers.0.conv.weight": torch.zeros(3, 1, 7)})) is None
