"""wav2vec 2.0 and HuBERT against transformers: every layer, every layout.

transformers' `hidden_states[L]` is the output of block L, before the norm that pre-LN models have
behind the last one; that norm's output is its `last_hidden_state`.
"""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from tests.parity.encoders import in_fairseq, random_weights, write_fairseq, write_hub
from tests.parity.peers import peer
from tests.parity.randomise import sound
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC

peer("transformers")
from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model  # noqa: E402

# 20 samples a frame of 40; 3 blocks of 24 channels
TOY = dict(
    hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40,
    conv_dim=(16, 16, 16), conv_kernel=(10, 3, 2), conv_stride=(5, 2, 2),
    num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
)  # fmt: skip
LARGE = dict(feat_extract_norm="layer", do_stable_layer_norm=True)
FULL_LARGE = dict(
    hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096
)
KINDS = {
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    "hubert": (HubertConfig, HubertModel),
}
FORMS = {
    "base": {},
    "large": LARGE,
    "large with biases": {**LARGE, "conv_bias": True},
    "rows normed, norms after": {"feat_extract_norm": "layer"},
}


def reference(kind: str, seed: int = 0, **changes):
    config, model = KINDS[kind]
    with torch.random.fork_rng(devices=[]):
        made = model(config(**(TOY | changes)))
    return random_weights(made, seed)


def normalised(reference, x):
    """Return what the reference is given: large models were trained on normalised recordings."""
    if reference.config.feat_extract_norm != "layer":
        return x
    return torch.nn.functional.layer_norm(x, x.shape[-1:])


def compare_layers(encoder, reference, x):
    with torch.no_grad():
        found = reference(normalised(reference, x)[None], output_hidden_states=True)
    assert encoder.layers == len(found.hidden_states) - 1
    for layer, wanted in enumerate(found.hidden_states):
        (ours,) = encoder.features(x.numpy(), 16_000, layer=layer)
        compare(ours, wanted[0])
    if reference.config.do_stable_layer_norm:
        (ours,) = encoder.features(x.numpy(), 16_000, layer=encoder.layers, final_norm=True)
        compare(ours, found.last_hidden_state[0])


def compare(ours, wanted):
    atol = WHOLE_CODEC * max(1.0, float(wanted.abs().max()))
    torch.testing.assert_close(torch.from_numpy(ours), wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_every_layer_of_every_form_and_layout(kind, form, tmp_path):
    made = reference(kind, **FORMS[form])
    x = 0.5 * sound(16_000 // 20)[0, 0] + 0.1  # an offset, which normalisation takes away
    paths = [
        write_hub(made, tmp_path / "hub"),
        write_hub(made, tmp_path / "older", prefix=f"{kind}.", older=True),
        write_fairseq(made, tmp_path / f"{kind}.pt", kind),
    ]
    spaces = set()
    for path in paths:
        encoder = vocable.load(path)
        compare_layers(encoder, made, x)
        spaces.add(encoder.space)
        assert encoder.model.normalize == (made.config.feat_extract_norm == "layer")
        assert encoder.model.final_norm == made.config.do_stable_layer_norm
        assert encoder.name == f"{kind}-3x24"
    assert len(spaces) == 1, "one set of weights has one space, whatever file it lies in"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["base", "large"])
def test_every_layer_at_published_size(kind, form, tmp_path):
    config, model = KINDS[kind]
    sizes = {} if form == "base" else FULL_LARGE | LARGE
    made = random_weights(model(config(**sizes)), seed=1)
    x = sound(16_000 * 3, seed=2)[0, 0]
    compare_layers(vocable.load(write_hub(made, tmp_path / "hub")), made, x)
    encoder = vocable.load(write_fairseq(made, tmp_path / "a.pt", kind))
    compare_layers(encoder, made, x)
    assert encoder.name == f"{kind}-{form}"


def test_what_training_left_in_a_file_is_known_and_left_out(tmp_path):
    made = reference("hubert")
    heads = {
        "final_proj.weight": torch.ones(8, 24), "final_proj.bias": torch.ones(8),
        "label_embs_concat": torch.ones(504, 8),
    }  # fmt: skip
    encoder = vocable.load(write_fairseq(made, tmp_path / "a.pt", "hubert", heads))
    compare_layers(encoder, made, sound(700)[0, 0])
    quantizer = {
        "quantizer.vars": torch.ones(1, 640, 8), "project_q.weight": torch.ones(8, 8),
        "quantizer.weight_proj.weight": torch.ones(640, 16), "final_proj.weight": torch.ones(8, 24),
    }  # fmt: skip
    tensors = in_fairseq(reference("wav2vec2")) | quantizer
    spelt = "[(16,10,5)] + [(16, 3, 2), (16,2,2)] * 1"
    settings = {"model": {"encoder_attention_heads": 4, "conv_feature_layers": spelt}}
    torch.save({"model": tensors, "cfg": settings}, tmp_path / "b.pt")
    encoder = vocable.load(tmp_path / "b.pt")
    assert encoder.name == "wav2vec2-3x24" and encoder.frame == 20


@pytest.mark.parametrize("layout", ["hub", "fairseq"])
def test_a_missing_positional_convolution_is_refused_by_name(layout, tmp_path):
    made = reference("hubert")
    if layout == "hub":
        path = write_hub(made, tmp_path) / "model.safetensors"
        kept = {k: v for k, v in load_file(path).items() if "original" not in k}
        save_file(kept, path)
    else:
        path = tmp_path / "a.pt"
        torch.save(
            {"model": {k: v for k, v in in_fairseq(made).items() if "weight_" not in k}}, path
        )
    with pytest.raises(ModelError, match="lacks its positional convolution"):
        vocable.load(path)


def test_half_a_positional_convolution_is_refused(tmp_path):
    path = write_hub(reference("hubert"), tmp_path) / "model.safetensors"
    tensors = load_file(path)
    gain = next(key for key in tensors if key.endswith("original0"))
    save_file({k: v for k, v in tensors.items() if k != gain}, path)
    with pytest.raises(ModelError, match="original1 without its other half"):
        vocable.load(path)
    tensors[gain] = torch.ones(24, 1, 1)  # as if the norm were over the outputs
    save_file(tensors, path)
    with pytest.raises(ModelError, match=r"gain of shape \[24, 1, 1\].*one for each tap"):
        vocable.load(path)


def test_a_key_that_nobody_knows_is_named(tmp_path):
    path = write_hub(reference("hubert"), tmp_path) / "model.safetensors"
    save_file(load_file(path) | {"encoder.layers.0.attention.gate": torch.ones(3)}, path)
    with pytest.raises(ModelError, match="encoder.layers.0.attention.gate"):
        vocable.load(path)


def test_settings_that_ask_for_something_else_are_refused(tmp_path):
    made = reference("hubert")
    made.config.conv_pos_batch_norm = True  # mHuBERT at 25 Hz has it
    with pytest.raises(ModelError, match="conv_pos_batch_norm True"):
        vocable.load(write_hub(made, tmp_path))


class Danger:
    """Would write a file, were it unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_settings_as_objects_are_read_without_their_classes(tmp_path, monkeypatch):
    """As omegaconf and argparse pickle them; neither's code is run, or there."""
    module = ModuleType("omegaconf.dictconfig")
    node = ModuleType("omegaconf.nodes")
    module.DictConfig = type("DictConfig", (), {"__module__": module.__name__})
    node.AnyNode = type("AnyNode", (), {"__module__": node.__name__})

    def boxed(value):
        if isinstance(value, dict):
            box = module.DictConfig()
            box._content = {key: boxed(inner) for key, inner in value.items()}
            box._parent = None
        else:
            box = node.AnyNode()
            box._val = value
        return box

    made = reference("hubert", **LARGE)
    settings = {"model": {"encoder_attention_heads": 4, "_name": "hubert", "layer_norm_first": True,
                          "conv_feature_layers": "[(16,10,5), (16,3,2), (16,2,2)]"},
                "task": {"normalize": False}}  # fmt: skip
    with monkeypatch.context() as patch:
        for each in (ModuleType("omegaconf"), module, node):
            patch.setitem(sys.modules, each.__name__, each)
        torch.save({"cfg": boxed(settings), "model": in_fairseq(made)}, tmp_path / "a.pt")
        args = argparse.Namespace(**settings["model"], normalize=True)
        torch.save({"args": args, "model": in_fairseq(made)}, tmp_path / "b.pt")
    assert not vocable.load(tmp_path / "a.pt").model.normalize, "the file's own word counts"
    other = vocable.load(tmp_path / "b.pt")
    assert other.model.normalize
    compare_layers(other, made, sound(700)[0, 0])


def test_what_training_states_beside_the_tensors_does_not_matter(tmp_path, monkeypatch):
    """As fairseq's trainer writes it: the dictionary of labels, Adam's state, numbers of numpy."""
    module = ModuleType("fairseq.data.dictionary")
    module.Dictionary = type("Dictionary", (), {"__module__": module.__name__})
    labels = module.Dictionary()
    labels.symbols, labels.indices = ["<s>", "0", "1"], {"<s>": 0, "0": 1, "1": 2}
    path = write_fairseq(reference("hubert"), tmp_path / "a.pt", "hubert")
    held = torch.load(path)
    space = vocable.load(path).space
    held |= {
        "task_state": {"dictionaries": [labels]},
        "extra_state": {"metrics": [(0, "train", [[1, "loss", {"val": np.float32(0.5)}]])]},
        "last_optimizer_state": {"state": {0: {"step": 3, "exp_avg": torch.zeros(9)}}},
        "optimizer_history": [{"lr_scheduler_state": {"best": np.float64(2.5)}}],
    }
    with monkeypatch.context() as patch:
        for each in (ModuleType("fairseq"), ModuleType("fairseq.data"), module):
            patch.setitem(sys.modules, each.__name__, each)
        torch.save(held, path)
    assert vocable.load(path).space == space


def test_nothing_in_a_file_is_run(tmp_path):
    bad = {"model": in_fairseq(reference("hubert")), "cfg": Danger(tmp_path / "written")}
    torch.save(bad, tmp_path / "a.pt")
    with pytest.raises(ModelError, match="to be run, which vocable never does"):
        vocable.load(tmp_path / "a.pt")
    assert not (tmp_path / "written").exists()
