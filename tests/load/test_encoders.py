"""Encoders are loaded by what a file holds, and nobody takes them for codecs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.load.toy_encoder import write_cpc
from vocable.errors import ModelError
from vocable.load import (
    describe,
    describe_any,
    load_codec,
    load_encoder,
    load_tokenizer,
    load_units,
)
from vocable.load.encoders import EncoderDescription
from vocable.units import FeatureEncoder, published
from vocable.weights import read


@pytest.fixture
def path(tmp_path):
    return write_cpc(tmp_path)


def test_a_folder_and_its_file_are_one_encoder(path):
    encoder = vocable.load(path)
    assert isinstance(encoder, FeatureEncoder) and encoder.name == "cpc-1x8"
    assert vocable.load(path.parent, device="cpu").space == load_encoder(path).space
    assert repr(encoder) == f"<FeatureEncoder {encoder.space} on cpu>"
    assert "100 a second" in encoder._repr_html_()
    (rows,) = encoder.features(np.zeros(1600, np.float32), 16_000, layer=1)
    assert rows.shape == (10, 8) and rows.dtype == np.float32


@pytest.mark.parametrize("load", [vocable.load, load_encoder])
def test_features_without_weights_are_encoders_too(load):
    (rows,) = load("mfcc").features(np.zeros(1600, np.float32), 16_000, layer=0)
    assert rows.shape == (8, 39)


def test_layers_that_there_are_not_have_no_channels(path):
    with pytest.raises(ModelError, match="layer is 2 but cpc-1x8 has layers 1 to 1"):
        load_encoder(path).channels(2)


def test_loading_draws_no_random_numbers_and_sets_nothing(path):
    state = torch.random.get_rng_state()
    vocable.load(path)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("load", [load_codec, load_tokenizer, describe])
def test_an_encoder_has_no_tokens(path, load):
    with pytest.raises(ModelError, match="is cpc-1x8, an encoder of features, which has no tokens"):
        load(path)


def test_what_an_encoder_cannot_be_loaded_as(path):
    with pytest.raises(ModelError, match="computes its features in torch.float32"):
        vocable.load(path, dtype=torch.bfloat16)
    with pytest.raises(ModelError, match="device nowhere cannot be used"):
        vocable.load(path, device="nowhere")
    with pytest.raises(ModelError, match="speech-16k gives tokens, not features"):
        load_encoder("speech-16k")


def test_weights_that_are_not_finite_are_refused(path):
    tensors = {key: value.clone() for key, value in read(path).items()}
    tensors["gEncoder.conv0.bias"][2] = torch.nan
    save_file(tensors, path)
    with pytest.raises(ModelError, match="convs.0.bias.* hold values that are not finite"):
        vocable.load(path)


def test_an_encoder_is_described_without_its_weights(path):
    found = describe_any(path)
    assert isinstance(found, EncoderDescription)
    assert found.facts == {
        "name": "cpc-1x8", "path": str(path), "layout": "CPC_audio", "rate": 16_000, "frame": 160,
        "window": 159, "layers": 1, "channels": 8, "normalize": False, "licence": "",
    }  # fmt: skip
    assert describe_any("speech-16k") == describe("speech-16k")


@pytest.fixture
def published_toy(path, hub, monkeypatch):
    """An encoder of the hub; call it with what differs from a toy's entry."""

    def publish(**changes):
        entry = replace(
            published.ENCODERS[0], name="someone/toy", model="cpc-1x8", file="weights.safetensors",
            revision=None, sha256=None, licence="CC0-1.0",
        )  # fmt: skip
        monkeypatch.setattr(published, "ENCODERS", (replace(entry, **changes),))
        hub.put("someone/toy", {"weights.safetensors": path.read_bytes()})

    return publish


def test_a_published_encoder_is_fetched_by_its_file_with_its_licence(published_toy):
    published_toy()
    encoder = vocable.load("someone/toy")
    assert (encoder.name, encoder.licence) == ("cpc-1x8", "CC0-1.0")
    assert describe_any("someone/toy").licence == "CC0-1.0"


def test_another_file_than_was_published_is_refused(published_toy, path):
    published_toy(model="hubert-base")
    with pytest.raises(ModelError, match="someone/toy was published as hubert-base, but what came"):
        vocable.load("someone/toy")
    published_toy(sha256="0" * 64)
    with pytest.raises(ModelError, match=f"has SHA-256 .*, but {'0' * 64} is pinned"):
        vocable.load("someone/toy")


def test_published_units_say_where_their_files_are():
    with pytest.raises(ModelError, match="vocable info hubert-base-l9-km500 says which") as refusal:
        vocable.load("hubert-base-l9-km500")
    assert "\n" not in str(refusal.value)
    with pytest.raises(ModelError, match='"hubert-base-l9-km50"; nearest: "hubert-base-l9-km500"'):
        vocable.load("hubert-base-l9-km50")
    with pytest.raises(ModelError, match="hubert_base_ls960.pt is not on the model hub; download"):
        vocable.load("hubert_base_ls960.pt")


def test_files_of_units_that_are_not_there_are_named_with_their_addresses(tmp_path):
    with pytest.raises(ModelError) as refusal:
        load_units("hubert-base-l9-km500", tmp_path)
    message = str(refusal.value)
    assert message.startswith(
        "hubert-base-l9-km500 needs hubert_base_ls960.pt and hubert_base_ls960_L9_km500.bin, not "
        f"found in {tmp_path}; download https://dl.fbaipublicfiles.com/hubert/"
    )
    assert "\n" not in message
    with pytest.raises(ModelError, match='units are named "hubert-base-l9"; nearest: "hubert-'):
        load_units("hubert-base-l9", tmp_path)
