"""Checkpoints of CSM are known by their keys; what does not fit is refused in one line."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from tests.language.csm import references
from tests.language.csm.conftest import LAYOUTS
from vocable.errors import ModelError
from vocable.language.csm import CsmGenerator, Utterance, csm_1b
from vocable.language.keys import csm as keys
from vocable.load import describe_any, load_tokenizer
from vocable.weights import serialised

FILE = "model.safetensors"


@pytest.fixture(params=LAYOUTS)
def folder(request, reference, tmp_path):
    return LAYOUTS[request.param](reference, tmp_path / request.param)


def change(folder, edit):
    """Write a checkpoint anew with its tensors changed; a name means that in either layout."""
    tensors = load_file(folder / FILE)
    edit(tensors)
    (folder / FILE).write_bytes(serialised(tensors))


def say(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def key_of(tensors, *ends):
    return next(key for key in tensors if key.endswith(ends) and not key.startswith("codec"))


def drop(*ends):
    return lambda tensors: tensors.pop(key_of(tensors, *ends))


def put(value, *ends):
    def edit(tensors):
        key = key_of(tensors, *ends)
        tensors[key] = value(tensors[key])

    return edit


def add(key):
    return lambda tensors: tensors.update({key: torch.ones(2)})


def spoil(weight):
    weight = weight.clone()
    weight[0] = torch.nan
    return weight


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            drop("1.self_attn.k_proj.weight", "1.attn.k_proj.weight"),
            "checkpoint has backbone_mod.* but of its kind not k; fetch it again",
        ),
        (drop("codebook0_head.weight", "lm_head.weight"), r"lacks 1 key \(head.weight\) it needs"),
        (drop("sa_norm.scale", "input_layernorm.weight"), "config.json says num_hidden_layers 3"),
        (drop("mlp_norm.scale", "post_attention_layernorm.weight"), "and lacks 1 key .trunk.layer"),
        (add("backbone_model.layers.0.extra.weight"), "checkpoint has 1 key .* that the key map"),
        (add("speaker_table"), r"1 key \(speaker_table\) that the key map does not know"),
        (put(spoil, "norm.scale", "norm.weight"), "1 key .* hold values that are not finite"),
        (
            put(lambda x: x[:, :-1].clone(), "projection.weight", "inputs_embeds_projector.weight"),
            r"depth.into.weight of shape \[16, 31\]; this model needs \[16, 32\]",
        ),
        (
            put(lambda x: x[0].clone(), "audio_head", "codebooks_head.weight"),
            "such shapes and such a config.json make no CSM",
        ),
    ],
)
def test_checkpoints_that_do_not_fit_are_refused(folder, edit, message):
    change(folder, edit)
    with pytest.raises(ModelError, match=message) as caught:
        vocable.load(folder)
    assert str(folder / FILE) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"hidden_act": "gelu"}, "config.json says hidden_act gelu, which for these weights must"),
        ({"num_codebooks": 8}, "config.json says num_codebooks 8, which for these weights must be"),
        ({"text_vocab_size": 9}, "config.json says text_vocab_size 9, which for these weights"),
        ({"attention_bias": True}, "config.json says attention_bias True, which for these weights"),
        ({"num_attention_heads": 8}, "says 8 heads and 2 of keys, of 8 channels, but the weights"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "config.json says rope_type yarn, which for"),
        ({"rope_parameters": {"rope_type": "llama3"}}, r"make no CSM \(KeyError\('original_max"),
        ({"num_attention_heads": "many"}, r"such a config.json make no CSM \(TypeError"),
        ({"depth_decoder_config": [1]}, r"such a config.json make no CSM \(AttributeError"),
        ({"bos_token_id": 99}, "begin is 99 but text has 40 ids"),
    ],
)
def test_configs_of_other_weights_are_refused(folder, said, message):
    say(folder, **said)
    with pytest.raises(ModelError, match=message) as caught:
        vocable.load(folder)
    assert str(folder / FILE) in str(caught.value) and "\n" not in str(caught.value)


def test_a_config_of_transformers_before_5(folder, speaker):
    """Base and scaling apart, and the same model."""
    config = json.loads((folder / "config.json").read_text())
    for part in (config, config["depth_decoder_config"]):
        scaling = part.pop("rope_parameters")
        part["rope_theta"] = scaling.pop("rope_theta")
        part["rope_scaling"] = scaling
    (folder / "config.json").write_text(json.dumps(config))
    assert vocable.load(folder).config == speaker.config


def test_without_a_config_only_the_published_size_is_known(folder):
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"keys of a CSM but levels 5, not 32 .* config.json besi"):
        vocable.load(folder)


def test_the_published_sizes_need_no_config():
    """Sesame's file alone says all: its config only names two sizes."""
    wide = csm_1b()
    shapes = {"text_embeddings.weight": (128_256, 2048), "audio_head": (31, 1024, 2051)}
    for part, of in (("backbone", wide.backbone), ("decoder", wide.depth)):
        shapes[f"{part}.norm.scale"] = (of.width,)
        for layer in range(of.layers):
            name = f"{part}.layers.{layer}"
            shapes[f"{name}.sa_norm.scale"] = (of.width,)
            shapes[f"{name}.mlp.w1.weight"] = (of.hidden, of.width)
            shapes[f"{name}.attn.q_proj.weight"] = (of.width, of.width)
            shapes[f"{name}.attn.k_proj.weight"] = (of.width // 4, of.width)
    found = keys.recognise(shapes, {"backbone_flavor": "llama-1B"})
    assert (found.name, found.layout, found.inside) == ("csm-1b", "csm", None)


def test_tables_that_are_not_tied_are_refused(reference, tmp_path):
    folder = references.write_transformers(reference, tmp_path)
    twin = "backbone_model.embed_tokens.embed_audio_tokens.weight"
    kept = "depth_decoder.model.embed_tokens.weight"
    change(folder, lambda tensors: tensors.update({twin: tensors[kept].clone()}))
    vocable.load(folder)
    change(folder, lambda tensors: tensors.update({twin: tensors[kept] + 1}))
    with pytest.raises(ModelError, match="two tables of audio that differ"):
        vocable.load(folder)


def test_a_key_under_both_names_is_refused(folder):
    both = {"lm_head.weight", "codebook0_head.weight"}

    def twice(tensors):
        kept = tensors[key_of(tensors, *both)]
        tensors.update({key: kept.clone() for key in both - tensors.keys()})

    change(folder, twice)
    with pytest.raises(ModelError, match="checkpoint has two keys for lm_head.weight, the second"):
        vocable.load(folder)


def test_weights_stay_as_they_are_stored_until_asked(reference, tmp_path):
    reference = references.make_reference().bfloat16()
    folder = references.write_sesame(reference, tmp_path)
    assert vocable.load(folder).dtype == torch.bfloat16
    assert vocable.load(folder, dtype=torch.float32).dtype == torch.float32
    with pytest.raises(ModelError, match=r"dtype is torch.float64; a language model computes in"):
        vocable.load(folder, dtype=torch.float64)


def test_parts_behind_an_index_are_one_checkpoint(reference, tmp_path):
    """As on the hub, beside Sesame's file, under a name of their own."""
    reference.save_pretrained(tmp_path, max_shard_size="40KB")
    index = tmp_path / "model.safetensors.index.json"
    assert index.is_file()
    index.rename(tmp_path / "transformers.safetensors.index.json")
    save_file(references.in_sesames_layout(reference), tmp_path / FILE)
    described = describe_any(tmp_path)
    assert described.layout == "transformers"
    assert described.path.name == "transformers.safetensors.index.json"
    assert vocable.load(tmp_path).codec is not None


def test_the_codec_inside_is_that_of_the_checkpoint(reference, speaker):
    sound = torch.randn(1, 1, 5 * 12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        wanted = reference.codec_model.encode(sound).audio_codes
    heard = speaker.codec.encode(sound[0], rate=24_000)
    np.testing.assert_array_equal(heard.codes, wanted.numpy())


def test_loading_draws_nothing(folder):
    state = torch.random.get_rng_state()
    model = vocable.load(folder)
    assert torch.equal(state, torch.random.get_rng_state())
    assert not any(weight.requires_grad for weight in model.network.parameters())


def test_a_language_model_is_no_codec(folder):
    with pytest.raises(ModelError, match=r"is csm-3x32, a language model; take vocable.load\(…\)"):
        load_tokenizer(folder)


def test_what_it_can_do_is_said_without_its_weights(folder):
    change(folder, put(spoil, "norm.scale", "norm.weight"))  # which loading would notice
    found = describe_any(folder)
    assert (found.name, found.architecture, found.layout) == ("csm-3x32", "csm", folder.name)
    able = found.abilities
    assert (able.continues, able.clones, able.text) == (True, True, "spoken")
    assert (able.context, able.levels, able.codec) == (64, 5, "mimi")
    assert csm_1b().abilities.seconds == 163.84


def words(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    known = {word: index for index, word in enumerate(["[", "]", *"0123456789", "yes", "no", "?"])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token="?"))
    split = tokenizers.pre_tokenizers
    tokenizer.pre_tokenizer = split.Sequence(
        [split.Punctuation(), split.Digits(individual_digits=True), split.Whitespace()]
    )
    tokenizer.add_special_tokens(["<|end_of_text|>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))


def test_text_is_read_by_the_tokenizer_beside(folder):
    words(folder)
    model = vocable.load(folder)
    rows = model.prompt([Utterance(7, "yes no")], most=4).rows
    np.testing.assert_array_equal(rows[:, -1], [30, 0, 9, 1, 12, 13, 31])
    spoken = model.prompt([Utterance(7, "yes<|end_of_text|>")], most=4).rows[:, -1]
    assert 15 not in spoken, "a name within a text is text"


def test_without_a_tokenizer_text_is_ids(folder):
    model = vocable.load(folder)
    with pytest.raises(ValueError, match="the model has no tokenizer; put tokenizer.json beside"):
        model.generate([Utterance(0, "yes")])


def test_a_damaged_tokenizer_is_named(folder):
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"^\S+tokenizer.json is not a tokenizer's file \("):
        vocable.load(folder)


def test_a_model_shows_what_it_is(speaker):
    assert repr(speaker) == "<CsmGenerator csm-3x32 on cpu>"
    html = speaker._repr_html_()
    assert "generate, continue, clone" in html and speaker.codec.spec.space in html
    assert "none attached" in CsmGenerator(speaker.network)._repr_html_()
