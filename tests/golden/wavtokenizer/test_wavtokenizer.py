"""A small WavTokenizer in its authors' layout gives what their code gave, or says what it lacks."""

import os
import re
import shutil
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.codecs.keys import wavtokenizer as keys
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_latents_codes_and_sound():
    codec = vocable.load(HERE / "checkpoint")
    z = codec.model.encoder(codec.model._rows(ANSWERS["sound"]))
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(ANSWERS["sound"]).stacked()
    assert torch.equal(found.transpose(0, 1), ANSWERS["codes"])
    got = codec.from_codes(Codes(ANSWERS["codes"].unbind(0)))
    check_rows_equal("sound", got, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)


def test_it_encodes_in_steps_and_says_why_it_cannot_decode_so():
    codec = vocable.load(HERE / "checkpoint")
    assert codec.model.encodes_in_steps and not codec.model.decodes_in_steps
    with pytest.raises(ModelError, match="decodes whole recordings: its decoder looks over all"):
        codec.start_decoding(1)


def copied(folder, change=lambda kept: None, yaml=lambda text: text):
    """Return a copy of the checkpoint, with another content or another yaml."""
    shutil.copytree(HERE / "checkpoint", folder)
    kept = torch.load(folder / "model.ckpt", weights_only=True)
    change(kept)
    torch.save(kept, folder / "model.ckpt")
    path = folder / "config.yaml"
    path.write_text(yaml(path.read_text()))
    return folder


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("vq_bins", "64", "config.yaml says vq_bins 64, which for these weights must be 32"),
        ("dowmsamples", "[4, 6]", r"says dowmsamples \[4, 6\], .* must be \[6, 4\]"),
        ("num_quantizers", "2", "says num_quantizers 2"),
        ("n_fft", "128", "says n_fft 128, which for these weights must be 96"),
        ("hop_length", "12", "says hop_length 12"),
        ("padding", "center", "says padding center"),
        ("sample_rate", "16000", "says sample_rate 16000, which for these weights must be 8000"),
    ],
)
def test_a_yaml_of_another_model_is_refused(key, value, words, tmp_path):
    instead = lambda text: re.sub(rf"{key}: .*", f"{key}: {value}", text)  # noqa: E731
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", yaml=instead))


def test_one_of_several_yamls_has_to_fit(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "another.yaml").write_text("vq_bins: 4096\n")
    assert vocable.load(folder).spec.levels[0].size == 32


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("feature_extractor.encodec.quantizer", "not both encoder and codebook; take the whole"),
        ("feature_extractor.encodec.encoder", "not both encoder and codebook; take the whole"),
        ("head.out.weight", "KeyError"),
        ("backbone.convnext.1.gamma", "config.yaml says num_layers 2, .* must be 1"),
        ("backbone.pos_net.4.conv2.bias", r"lacks 1 key \(decoder.blocks.5.branch.blocks.5.bias\)"),
    ],
)
def test_what_is_missing_is_said(part, words, tmp_path):
    def without(kept):
        tensors = kept["state_dict"]
        kept["state_dict"] = {k: v for k, v in tensors.items() if not k.startswith(part)}

    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", without))


def test_a_rate_that_is_none_is_refused(tmp_path):
    change = lambda kept: kept["hyper_parameters"].update(sample_rate="fast")  # noqa: E731
    with pytest.raises(ModelError, match="model.ckpt: its settings say sample_rate fast"):
        vocable.load(copied(tmp_path / "x", change))


class Runs:
    """Runs a program when it is unpickled."""

    def __reduce__(self):
        return os.system, ("echo run",)


def test_code_in_the_settings_is_refused_by_name(tmp_path):
    folder = copied(tmp_path / "x")
    kept = torch.load(folder / "model.ckpt", weights_only=True)
    torch.save(kept | {"hyper_parameters": Runs()}, folder / "model.ckpt")
    with pytest.raises(ModelError, match="asks for (posix|nt|os).system to be run"):
        vocable.load(folder)


def test_keys_are_used_or_left_out_for_a_reason():
    checkpoint = open_checkpoint(HERE / "checkpoint")
    read = keys.read(checkpoint, keys.recognise(checkpoint))
    unused = ("feature_extractor.encodec.decoder.", "multiperioddisc.", "dac.", "melspec_loss.")
    learnt = ("weight_g", "inited", "cluster_size", "embed_avg", "istft.window")
    kept = [k for k in checkpoint.shapes if not k.startswith(unused) and not k.endswith(learnt)]
    assert len(read) == len(kept)
