"""BigCodec's own code gave these latents, codes and sound for these weights; make.py wrote them.

The weights are a file as its authors publish it, so loading is shown here too.
"""

from __future__ import annotations

import json
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
    found = codec.to_codes(ANSWERS["sound"]).stacked()
    assert torch.equal(found.transpose(0, 1), ANSWERS["codes"])
    assert len(found.unique()) > 8
    got = codec.from_codes(ANSWERS["codes"].transpose(0, 1))
    check_rows_equal("sound", got, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)


def changed(folder, change, config=None):
    """Return a copy of the checkpoint with other weights."""
    shutil.copytree(HERE / "checkpoint", folder)
    held = torch.load(folder / "bigcodec.pt")
    change(held)
    torch.save(held, folder / "bigcodec.pt")
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def another_filter(held):
    key = "block.1.block.0.block.0.upsample.filter"
    held["CodecEnc"][key] = held["CodecEnc"][key].roll(1, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.pop("CodecEnc"), "a family that vocable does not know: .*model"),
        (
            lambda held: [held["generator"].pop(k) for k in [*held["generator"]] if "quant" in k],
            "has BigCodec's encoder but no codebook, generator.quantizer; fetch it again",
        ),
        (
            lambda held: held["generator"].pop("quantizer.layers.0.in_proj.bias"),
            r"lacks 1 key \(quantizer\.stack\.0\.codebook\.down\.bias\)",
        ),
        (
            lambda held: held["generator"].pop("model.0.bias"),
            r"lacks 1 key \(decoder\.blocks\.0\.bias\)",
        ),
        (
            lambda held: held["CodecEnc"].update({"head.weight": torch.ones(2)}),
            r"has 1 key \(CodecEnc\.head\.weight\) that the key map does not know",
        ),
        (another_filter, r"CodecEnc\.block\.1\.\S+upsample\.filter is another filter than the 12"),
    ],
    ids=["no encoder", "no quantizer", "part of a level", "a bias", "too much", "a filter"],
)
def test_parts_that_lack_or_are_others_are_refused(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path / "x", change))
    assert "\n" not in str(refusal.value)


def test_other_sizes_need_their_rate(tmp_path):
    with pytest.raises(ModelError, match="no published BigCodec and states no rate; put a config"):
        vocable.load(changed(tmp_path / "x", lambda held: None, config={}))
