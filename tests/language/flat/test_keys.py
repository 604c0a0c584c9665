"""Checkpoints of flat models are recognised by content; what is none, or damaged, is refused."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from tests.cli.calls import call, results
from tests.language.flat import references
from vocable.errors import ModelError
from vocable.language.config import Rotary, TransformerConfig
from vocable.language.flat import FlatConfig, orpheus_3b
from vocable.nn.rotary import Llama3Scaling

FILE = "model.safetensors"


@pytest.fixture
def folder(tmp_path):
    return references.write_model(references.make_reference(), tmp_path / "model")


def say(folder, **said):
    """Change what config.json says; None takes it out."""
    path = folder / "config.json"
    stated = json.loads(path.read_text()) | said
    path.write_text(json.dumps({key: value for key, value in stated.items() if value is not None}))


def test_what_is_read_and_what_it_can_do(folder):
    model = vocable.load(folder)
    config = model.config
    assert (config.rows, config.tied, config.form, model.name) == (
        156_940, False, "orpheus", "orpheus-2x16",
    )  # fmt: skip
    assert config.trunk.positions == Rotary(
        base=500_000.0, scaling=Llama3Scaling(32.0, 128, 512, 8192)
    )
    assert (config.trunk.heads, config.trunk.kv_heads, config.trunk.head_width) == (4, 2, 8)
    able = model.abilities
    assert (able.text, able.codec, able.levels, able.context) == ("spoken", "snac_24khz", 3, 256)
    assert able.seconds == pytest.approx(256 // 7 * 2048 / 24_000, abs=0.01)
    printed = call("info", str(folder)).stdout
    for words in ("orpheus-2x16  (", "of language, flat, transformers layout", "not stated",
                  "3 levels of snac_24khz, 24000 Hz"):  # fmt: skip
        assert words in printed
    (facts,) = results("info", str(folder))
    assert facts["kind"] == "language model" and facts["abilities"]["clones"]


def test_the_published_size_by_its_name():
    assert orpheus_3b().name == "orpheus-3b"
    assert replace(orpheus_3b(), rows=156_938, tied=False).name == "orpheus-3b"


def test_what_config_leaves_out_is_what_transformers_takes(folder):
    """Its defaults of a Llama: base 10,000, epsilon 1e-6, as many heads of keys as of queries."""
    transformers = pytest.importorskip("transformers")
    say(folder, rope_parameters=None, rms_norm_eps=None)
    ids = torch.randint(0, 156_938, (1, 40), generator=torch.Generator().manual_seed(0))
    theirs = transformers.LlamaForCausalLM.from_pretrained(folder).eval()
    ours = vocable.load(folder).network
    with torch.no_grad():
        found = ours.logits(ours(ids)[0])
        torch.testing.assert_close(found, theirs(ids).logits[0], atol=1e-4, rtol=1e-4)


def test_older_files_say_it_otherwise(folder):
    """rope_theta and rope_scaling apart, and buffers of positions among the weights."""
    wanted = vocable.load(folder)
    rope = references.TOY["rope_parameters"]
    scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
    say(folder, rope_parameters=None, rope_theta=500_000.0, rope_scaling=scaling)
    tensors = load_file(folder / FILE)
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)
    save_file(tensors, folder / FILE)
    assert vocable.load(folder).config == wanted.config


def test_a_head_beside_its_table(tmp_path):
    """Some write a tied head again: the table counts, as in transformers."""
    reference = references.make_reference(tie_word_embeddings=True)
    folder = references.write_model(reference, tmp_path / "model")
    tensors = load_file(folder / FILE)
    assert "lm_head.weight" not in tensors
    save_file(tensors | {"lm_head.weight": torch.ones(156_940, 16)}, folder / FILE)
    network = vocable.load(folder).network
    assert network.head is None
    assert torch.equal(network.table.weight, reference.model.embed_tokens.weight)


def test_a_llama_without_rows_for_sound(tmp_path):
    small = references.make_reference(
        vocab_size=300, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    small.save_pretrained(tmp_path)
    with pytest.raises(
        ModelError, match="it is a Llama of 300 ids, which has none for sound: in Orpheus' form the"
    ) as caught:
        vocable.load(tmp_path)
    assert str(tmp_path / FILE) in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_beside_the_weights(folder):
    (folder / "tokenizer.json").unlink()
    assert vocable.load(folder).text is None
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="do not say heads and positions; put its config.json bes"):
        vocable.load(folder)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"hidden_act": "gelu"}, "config.json says hidden_act gelu, which for these weights must"),
        ({"vocab_size": 156_938}, "config.json says vocab_size 156938, which for these weights"),
        ({"attention_bias": True}, "config.json says attention_bias True, which for these weights"),
        ({"num_attention_heads": 8}, "says 8 heads and 2 of keys, of 8 channels, but the weights"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "config.json says rope_type yarn, which for"),
        (
            {"rope_parameters": None, "rope_scaling": {"type": "linear", "factor": 2.0}},
            "config.json says rope_type linear, which for",
        ),
        ({"num_attention_heads": "many"}, r"such a config.json make no Orpheus \(TypeError"),
    ],
)
def test_configs_of_other_weights_are_refused(folder, said, message):
    say(folder, **said)
    with pytest.raises(ModelError, match=message) as caught:
        vocable.load(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t.pop("model.layers.1.self_attn.k_proj.weight"), "but of its kind not k; fetch"),
        (lambda t: t.pop("lm_head.weight"), r"lacks 1 key \(head.weight\) it needs"),
        (lambda t: t.update({"model.extra": torch.ones(2)}), r"1 key \(model.extra\) that the key"),
        (
            lambda t: t.update({"model.norm.weight": torch.full((16,), torch.nan)}),
            "hold values that are not finite",
        ),
    ],
)
def test_checkpoints_that_do_not_fit_are_refused(folder, edit, message):
    tensors = load_file(folder / FILE)
    edit(tensors)
    save_file(tensors, folder / FILE)
    with pytest.raises(ModelError, match=message) as caught:
        vocable.load(folder)
    assert str(folder / FILE) in str(caught.value) and "\n" not in str(caught.value)


def test_forms_that_nobody_knows():
    trunk = TransformerConfig(width=4, layers=1, heads=1, hidden=4, context=8)
    with pytest.raises(ModelError, match='no form "orfeus"; nearest: "orpheus"'):
        FlatConfig(trunk, 156_938, form="orfeus")
    with pytest.raises(ModelError, match="^156937 rows do not hold the 156938 ids of orpheus'"):
        FlatConfig(trunk, 156_937)
