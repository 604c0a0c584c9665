"""ESC's own code gave these latents, codes and sound for these weights; make.py wrote them.

The weights are a file as its authors' training keeps it, so loading is shown here too.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

import vocable
from vocable import weights
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
    assert torch.equal(codec.to_codes(ANSWERS["sound"]).stacked(), ANSWERS["codes"])
    assert len(ANSWERS["codes"].unique()) > 8
    for name, levels in (("decoded", 9), ("coarse", 6)):
        got = codec.from_codes(ANSWERS["codes"][:, :levels])
        wanted = ANSWERS[name]  # a hop less than whole frames
        check_rows_equal(name, got[..., : wanted.shape[2]], wanted, atol=WHOLE_CODEC, axis=2)


def changed(folder, change=lambda held: None, *pairs):
    """Return a copy of the checkpoint with other weights, and a yaml that says something else."""
    shutil.copytree(HERE / "checkpoint", folder)
    held = torch.load(folder / "model.pth")
    change(held["model_state_dict"])
    torch.save(held, folder / "model.pth")
    yaml = folder / "config.yaml"
    text = yaml.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    yaml.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("sr: 1000", "sr: 8000"), "config.yaml says sr 8000, win_len 14, in_freq 12, overlap 2"),
        (("overlap: 2", "overlap: 4"), "overlap 4, which these weights do not have; fetch both"),
        (("overlap: 2", "overlap: two"), "says overlap two; wanted a whole number from 1"),
        (("swin_depth: 2", "swin_depth: 3"), "config.yaml says swin_depth 3, which for these"),
        (("l2norm: True", "l2norm: False"), "config.yaml says l2norm False, which for these"),
        (("model:", "network:"), "config.yaml has no table of a model; fetch it again"),
    ],
)
def test_a_yaml_of_another_model_is_refused(pair, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path / "x", lambda held: None, pair))
    assert "\n" not in str(refusal.value)


def test_a_toy_without_its_yaml_is_refused(tmp_path):
    folder = changed(tmp_path / "x")
    (folder / "config.yaml").unlink()
    with pytest.raises(ModelError, match="sizes of no published ESC and states no rate; put its"):
        vocable.load(folder)


def without(words):
    return lambda held: [held.pop(key) for key in [*held] if words in key]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("patch_embed.norm"), "is ESC with convolutions, or with a residual quantizer"),
        (without("quantizers"), "is ESC with convolutions, or with a residual quantizer"),
        (without("ft.window"), r"shapes make no ESC \(KeyError\('ft.window'\)\); fetch it again"),
        (without("down_projs.2"), r"lacks 3 keys \(quantizer\.parts\.0\.parts\.2\.stack"),
        (without("post_nn.swint_blocks.1.norm1.bias"), r"\(decoder\.blocks\.2\.blocks\.1\.norm"),
        (
            lambda held: held.update({"head.weight": torch.ones(2)}),
            r"has 1 key \(head\.weight\) that the key map does not know",
        ),
    ],
)
def test_weights_that_lack_or_are_others_are_refused(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path / "x", change))
    assert "\n" not in str(refusal.value)
