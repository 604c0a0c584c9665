"""The package `speechtokenizer` gave these codes and this sound for these weights (make.py)."""

import json
import shutil
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.codecs.keys import speechtokenizer as keys
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


def copied(folder, **changes):
    """Return a copy of the checkpoint whose config says something else."""
    shutil.copytree(HERE / "checkpoint", folder)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_q": 8}, "says n_q 8, which for these weights must be 4"),
        ({"strides": [2, 4]}, r"says strides \[2, 4\]"),
        ({"activation": "ELU"}, "says activation ELU, which for these weights must be Snake"),
        ({"bidirectional": False}, "says bidirectional False"),
        ({"sample_rate": None}, "says sample_rate None; wanted whole Hz"),
    ],
)
def test_a_config_of_another_model_is_refused(changes, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", **changes))


def test_a_toy_without_its_config_is_refused(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="sizes of none of speechtokenizer, .* put its config"):
        vocable.load(folder)


def test_keys_are_used_or_named_as_only_for_training():
    checkpoint = open_checkpoint(HERE / "checkpoint")
    read = keys.read(checkpoint, keys.recognise(checkpoint))
    ours = sum(1 for key in checkpoint.shapes if not key.endswith(("_g", "inited", "_size", "avg")))
    assert len(read) == ours - len(("transform.weight", "transform.bias"))
