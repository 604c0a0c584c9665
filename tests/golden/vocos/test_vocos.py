"""A small Vocos decodes an EnCodec's tokens as its package did, and is refused behind another."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import vocable
from tests.golden.encodec.opened import checkpoint, load
from vocable import weights
from vocable.cli.group import commands as main
from vocable.codecs.codes import Codes
from vocable.errors import ModelError, TokenError
from vocable.load import save_model
from vocable.load.second_decoder import decoded_by_vocos
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")


def encodec(**config):
    return load(checkpoint("causal", **{"target_bandwidths": [10.0, 20.0]} | config))


def copied(folder, change=lambda tensors: None, yaml=lambda text: text):
    """Return a copy of the Vocos, with other tensors or another yaml."""
    shutil.copytree(HERE / "checkpoint", folder)
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    change(tensors)
    torch.save(tensors, folder / "pytorch_model.bin")
    path = folder / "config.yaml"
    path.write_text(yaml(path.read_text()))
    return folder


@pytest.mark.parametrize("levels", [2, 4])
def test_each_bandwidth_sounds_as_in_the_package(levels):
    codec = decoded_by_vocos(encodec(), HERE / "checkpoint")
    found = codec.from_codes(Codes(ANSWERS["codes"][:levels].unbind(0)))
    check_rows_equal("sound", found, ANSWERS[str(levels)], atol=WHOLE_CODEC, axis=2)


def test_streams_of_two_bandwidths_go_side_by_side():
    """Each stream is told its levels; joined, they go on as they were."""
    model = decoded_by_vocos(encodec(), HERE / "checkpoint").model
    rows = [model._latents(Codes(ANSWERS["codes"][:levels].unbind(0))) for levels in (2, 4)]
    together = model.decoder(torch.cat(rows))
    for row, levels in enumerate((2, 4)):
        wanted = ANSWERS[str(levels)].transpose(1, 2)
        check_rows_equal("sound", together[row : row + 1].detach(), wanted, atol=WHOLE_CODEC)


def test_tokens_are_encodec_s_and_both_decode_them(tmp_path):
    plain = encodec()
    save_model(plain, tmp_path / "encodec")
    plain = vocable.load(tmp_path / "encodec")
    other = vocable.load(tmp_path / "encodec", vocoder=HERE / "checkpoint")
    sound = torch.randn(1, 301, generator=torch.Generator().manual_seed(1)).numpy() / 4
    tokens = plain.encode(sound, rate=plain.rate, levels=2)
    assert other.spec == plain.spec
    assert other.encode(sound, rate=plain.rate, levels=2) == tokens
    there, here = other.decode(tokens), plain.decode(tokens)
    assert len(there) == len(here) == 301
    assert abs(there.samples - here.samples).max() > 1e-3
    save_model(other, tmp_path / "pair")
    assert vocable.load(tmp_path / "pair").spec == plain.spec


def test_a_saved_pair_loads_by_itself(tmp_path):
    codec = decoded_by_vocos(encodec(), HERE / "checkpoint")
    save_model(codec, tmp_path / "pair")
    again = vocable.load(tmp_path / "pair")
    codes = Codes(ANSWERS["codes"].unbind(0))
    assert torch.equal(again.from_codes(codes), codec.from_codes(codes))


def test_the_command_decodes_by_it(tmp_path):
    save_model(encodec(), tmp_path / "encodec")
    codec = vocable.load(tmp_path / "encodec")
    tokens = codec.encode(np.zeros((1, 99), np.float32) + 0.1, rate=codec.rate)
    tokens.save(tmp_path / "x.vcb")
    call = [
        *("decode", tmp_path / "x.vcb", "-o", tmp_path / "x.wav"),
        *("--codec", tmp_path / "encodec", "--vocoder", HERE / "checkpoint"),
    ]
    assert CliRunner().invoke(main, [str(word) for word in call]).exit_code == 0
    wanted = vocable.load(tmp_path / "encodec", vocoder=HERE / "checkpoint").decode(tokens)
    found = vocable.Audio.read(tmp_path / "x.wav")
    assert np.abs(found.samples - wanted.samples.clip(-1, 1)).max() < 1e-4
    refused = CliRunner().invoke(main, [*map(str, call), "--speaker", "1"])
    assert refused.exit_code == 2 and "--speaker is for units, but --codec names" in refused.output


def test_a_vocos_behind_another_encodec_is_refused(tmp_path):
    def change(tensors):
        tensors["feature_extractor.codebook_weights"][3] += 1

    with pytest.raises(ModelError, match="its codebooks are not those of .*; take the Vocos that"):
        decoded_by_vocos(encodec(), copied(tmp_path / "x", change))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("hop_length", "16", "says hop_length 16, which for these weights must be 8"),
        ("padding", "center", "says padding center"),
        ("bandwidths", "[10.0]", r"know 2 bandwidths, but 10.0 kbps are \[2\] levels"),
        ("bandwidths", "[20.0, 10.0]", r"are \[4, 2\] levels of this codec"),
        ("bandwidths", "[10.0, 40.0]", "it decodes 8 levels but the codec has 4"),
        ("bandwidths", "[low, high]", "its bandwidths are not numbers"),
    ],
)
def test_a_yaml_of_another_vocos_is_refused(key, value, words, tmp_path):
    instead = lambda text: re.sub(rf"{key}: .*", f"{key}: {value}", text)  # noqa: E731
    with pytest.raises(ModelError, match=words):
        decoded_by_vocos(encodec(), copied(tmp_path / "x", yaml=instead))


def test_without_its_yaml_the_published_bandwidths_are_meant(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "config.yaml").unlink()
    with pytest.raises(ModelError, match="know 2 bandwidths, but 1.5, 3.0, 6.0, 12.0 kbps"):
        decoded_by_vocos(encodec(), folder)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("feature_extractor.codebook_weights", "it is no Vocos of EnCodec's tokens"),
        ("backbone.norm.scale.weight", "make no Vocos"),
        ("backbone.convnext.1.norm.shift.weight", "lacks 1 key"),
    ],
)
def test_what_is_missing_is_said(gone, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        decoded_by_vocos(encodec(), copied(tmp_path / "x", lambda tensors: tensors.pop(gone)))


def test_alone_it_is_no_codec_and_behind_another_codec_no_decoder():
    with pytest.raises(ModelError, match="is Vocos, which encodes nothing; .* beside that codec"):
        vocable.load(HERE / "checkpoint")
    with pytest.raises(ModelError, match="speech-16k is not a tokenizer of units, nor EnC"):
        vocable.load("speech-16k", vocoder=HERE / "checkpoint")
    with pytest.raises(ModelError, match="speech-16k is not a checkpoint of Vocos"):
        decoded_by_vocos(encodec(), "speech-16k")


def test_levels_that_it_was_not_trained_on_are_refused():
    codec = decoded_by_vocos(encodec(target_bandwidths=[5.0, 10.0, 20.0]), HERE / "checkpoint")
    with pytest.raises(TokenError, match="codes have 1 levels but Vocos decodes 2, 4 of them"):
        codec.from_codes(Codes(ANSWERS["codes"][:1].unbind(0)))
