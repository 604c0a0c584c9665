"""Amphion's own code gave these latents, codes, voices and sounds; make.py wrote them.

The weights are two files as Amphion publishes them, so loading is shown here too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import vocable
from tests.load.hub_stand_in import serving
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.errors import ModelError, TokenError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.tokens import AudioTokens

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")
CODES = ANSWERS["codes"].transpose(0, 1)
HALVES = ("encoder", "decoder")


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield vocable.load(HERE / "checkpoint")


def decoded(codec, codes, timbre):
    return codec.model.from_codes(Codes(codes.unbind(1), {"timbre": timbre})).detach()


def test_latents_voices_codes_and_sound(codec):
    """Both recordings in one batch: each has the voice that it has alone."""
    model, x = codec.model, ANSWERS["sound"]
    z = model.encoder(model._rows(x))
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(x)
    assert torch.equal(found.stacked(), CODES)
    assert all(len(level.unique()) > 4 for level in CODES.unbind(1))
    check_rows_equal("voice", found.sides["timbre"], ANSWERS["timbre"], atol=WHOLE_CODEC)
    got = decoded(codec, CODES, ANSWERS["timbre"])
    check_rows_equal("sound", got, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)


def test_without_detail_and_in_another_voice(codec):
    timbre, options = ANSWERS["timbre"], {"atol": WHOLE_CODEC, "axis": 2}
    less = decoded(codec, CODES[:1, :3], timbre[:1])
    check_rows_equal("without detail", less, ANSWERS["decoded.3"], **options)
    other = decoded(codec, CODES[:1], timbre[1:])
    check_rows_equal("the other voice", other, ANSWERS["decoded.other"], **options)
    assert float((other - ANSWERS["decoded"][:1]).abs().max()) > 0.01


def test_a_file_keeps_the_voice_and_tokens_take_another(codec, tmp_path):
    first, second = (codec.encode(x.numpy(), rate=8000) for x in ANSWERS["sound"])
    first.save(tmp_path / "a.vcb")
    assert vocable.read_tokens(tmp_path / "a.vcb") == first
    swapped = AudioTokens(first.spec, first.stacks, second.sides, source=first.source)
    found = torch.from_numpy(codec.decode(swapped).samples)[None]
    check_rows_equal("swapped", found, ANSWERS["decoded.other"], atol=WHOLE_CODEC, axis=2)
    with pytest.raises(TokenError, match="timbre"):
        AudioTokens(first.spec, first.stacks, source=first.source)


def changed(folder, change=lambda held: None, config=None):
    """Return a copy of the checkpoint with other weights."""
    shutil.copytree(HERE / "checkpoint", folder)
    held = {half: torch.load(folder / f"ns3_facodec_{half}.bin") for half in HALVES}
    change(held)
    for half in HALVES:
        (folder / f"ns3_facodec_{half}.bin").unlink()
        if half in held:
            torch.save(held[half], folder / f"ns3_facodec_{half}.bin")
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def without(text):
    """Return what takes keys out of the decoder."""

    def change(held):
        for key in [key for key in held["decoder"] if text in key]:
            del held["decoder"][key]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.pop("encoder"), "without its encoder; .* ns3_facodec_encoder.bin"),
        (lambda held: held.pop("decoder"), "without its decoder; .* ns3_facodec_decoder.bin"),
        (without("quantizer.2."), r"no codebook of detail, quantizer\.2; fetch it again"),
        (without("timbre_linear.bias"), r"lacks 1 key \(style\.bias\)"),
        (
            lambda held: held["encoder"].update({"mel_transform.mel_basis": torch.ones(2)}),
            "is the second version, .*; take the first",
        ),
        (
            lambda held: held["decoder"].update({"head.weight": torch.ones(2)}),
            r"has 1 key \(head\.weight\) that the key map does not know",
        ),
    ],
    ids=["no encoder", "no decoder", "no detail", "no bias", "second version", "too much"],
)
def test_parts_that_lack_or_are_others_are_refused(change, words, tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(changed(tmp_path / "x", change))
    assert "\n" not in str(refusal.value)


def test_other_sizes_need_their_rate(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match="no published FACodec and states no rate; put a config"):
        vocable.load(changed(tmp_path / "x", config={}))


def test_either_file_means_both(codec, tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    for half in HALVES:
        found = vocable.load(HERE / "checkpoint" / f"ns3_facodec_{half}.bin")
        assert found.spec == codec.spec


def test_both_files_come_from_the_hub(codec, tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    name = "amphion/naturalspeech3_facodec"
    files = {file.name: file.read_bytes() for file in (HERE / "checkpoint").iterdir()}
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.put(name, files)
        assert vocable.load(name).spec.space == codec.spec.space
