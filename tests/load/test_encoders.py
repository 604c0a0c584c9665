"""Encoders are loaded by what a file holds, and nobody takes them for codecs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import vocable
from tests.load.toy_encoder import write_cpc
from vocable.errors import ModelError
from vocable.load import describe, load_codec, load_encoder, load_tokenizer
from vocable.units import FeatureEncoder
from vocable.weights import read


@pytest.fixture
def path(tmp_path):
    """Return a small CPC as safetensors."""
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
