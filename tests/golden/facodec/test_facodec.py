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
from tests.golden import drawn
from tests.load.hub_stand_in import serving
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.codecs.facodec_prosody import LowMels
from vocable.errors import ModelError, TokenError
from vocable.load import convert_checkpoint, describe
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
            "is the encoder of FACodec's second version beside another half of the first",
        ),
        (
            lambda held: held["decoder"].update({"prosody_embs.0.weight": torch.ones(2)}),
            "is the decoder for other voices, which has embeddings of its own; take ns3_facodec_",
        ),
        (
            lambda held: held["decoder"].update({"head.weight": torch.ones(2)}),
            r"has 1 key \(head\.weight\) that the key map does not know",
        ),
    ],
    ids=[
        "no encoder",
        "no decoder",
        "no detail",
        "no bias",
        "second version",
        "other voices",
        "too much",
    ],
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


# ---- the second version --------------------------------------------------------------------------

SECOND = weights.read(HERE / "v2.safetensors")
INSIDE = ("encoder.block.", "encoder.mel_transform.")


def second(folder, change=lambda tensors: None):
    """Write its two files, of weights that are drawn, with others where they are changed."""
    tensors = drawn.tensors(json.loads((HERE / "v2.json").read_text()))
    tensors |= {key: value for key, value in SECOND.items() if key in tensors}
    tensors["encoder.mel_transform.mel_basis"] = SECOND["mel_basis"].clone()
    tensors["encoder.mel_transform.hann_window"] = torch.hann_window(30)
    change(tensors)
    folder.mkdir()
    for half in HALVES:
        own = {k.partition(".")[2]: v for k, v in tensors.items() if k.startswith(f"{half}.")}
        if own:
            torch.save(own, folder / f"ns3_facodec_{half}_v2.bin")
    (folder / "config.json").write_text(json.dumps({"sampling_rate": 8000}))
    return folder


def test_prosody_of_the_second_version_comes_from_a_mel_spectrum(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    codec = vocable.load(second(tmp_path / "x"))
    x, codes = SECOND["sound"], SECOND["codes"].transpose(0, 1)
    z = codec.model.encoder(codec.model._rows(x))
    check_rows_equal("latent", z, SECOND["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(x)
    assert torch.equal(found.stacked(), codes) and all(
        len(level.unique()) > 4 for level in codes.unbind(1)
    )
    check_rows_equal("voice", found.sides["timbre"], SECOND["timbre"], atol=WHOLE_CODEC)
    got = decoded(codec, codes, SECOND["timbre"])
    check_rows_equal("sound", got, SECOND["decoded"], atol=WHOLE_CODEC, axis=2)
    assert codec.model.config.prosody_bands == 20 and codec.model.config.bands == 24
    half = vocable.load(tmp_path / "x" / "ns3_facodec_decoder_v2.bin")
    assert half.spec == codec.spec


def test_the_second_version_goes_to_its_files_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    ours = convert_checkpoint(second(tmp_path / "x"), tmp_path / "ours").folder
    done = convert_checkpoint(ours, tmp_path / "theirs", to="facodec")
    assert set(done.files) == {"config.json", *(f"ns3_facodec_{half}_v2.bin" for half in HALVES)}
    again = convert_checkpoint(tmp_path / "theirs", tmp_path / "again").folder
    one, other = (weights.read(folder / "model.safetensors") for folder in (ours, again))
    assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
    assert describe(again).space == describe(ours).space
    assert describe(again).config == describe(ours).config


@pytest.mark.parametrize("samples", [1, 9, 15, 16])
def test_a_recording_too_short_to_be_mirrored_is_heard_with_silence_behind_it(samples):
    """As if silence went on for as long as it takes, 16 samples here."""
    mels = LowMels(8000, 10, 20, 24, 40, 30)
    x = torch.zeros(1, 20, 1)
    x[0, :samples, 0] = SECOND["sound"][0, 0, :samples]
    frames = -(-samples // 10)
    short = mels(x[:, : 10 * frames])
    assert short.shape == (1, frames, 20)
    torch.testing.assert_close(short, mels(x[:, :16].contiguous()) if frames == 1 else mels(x))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda tensors: tensors["encoder.mel_transform.mel_basis"].mul_(1.1),
            "mel_basis is not that of 24 mel bands of 8000 Hz, in windows of 30 samples; fetch",
        ),
        (
            lambda tensors: [tensors.pop(k) for k in list(tensors) if k.endswith("mel_basis")],
            "is the decoder of FACodec's second version beside another half of the first",
        ),
        (
            lambda tensors: tensors.pop("decoder.melspec_linear.bias"),
            r"lacks 1 key \(encoder\.prosody\.into\.bias\)",
        ),
        (
            lambda tensors: [tensors.pop(k) for k in list(tensors) if k.startswith(INSIDE)],
            "without its encoder; .* ns3_facodec_encoder_v2.bin",
        ),
    ],
    ids=["other filters", "no filters", "no bias", "no encoder"],
)
def test_parts_of_the_second_version_that_do_not_fit_are_refused(
    change, words, tmp_path, monkeypatch
):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(second(tmp_path / "x", change))
    assert "\n" not in str(refusal.value)


def test_sizes_that_make_no_spectrum_are_refused():
    with pytest.raises(ModelError, match="got 30 of 24 bands, 30 of 40 samples"):
        LowMels(8000, 10, 30, 24, 40, 30)
    with pytest.raises(ModelError, match="longer than a frame of 10 by an even number"):
        LowMels(8000, 10, 20, 24, 41, 30)
