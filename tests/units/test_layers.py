"""Layers of a tokenizer of units as features: exact for any length, and what its units are of."""

import numpy as np
import pytest
import torch

from vocable.codecs import Codec, Tokenizer, build, recording
from vocable.errors import AudioError, ModelError
from vocable.units import UnitTokenizer, fit
from vocable.units.layers import TokenizerLayers
from vocable.units.streaming import StreamingUnits, StreamingUnitsConfig

RATE = 16_000
SMALL = {"bands": 40, "channels": 32, "layers": 2, "context": 20, "units": 8}


@pytest.fixture(scope="module")
def tokenizer():
    torch.manual_seed(0)
    model = StreamingUnits(StreamingUnitsConfig(**SMALL)).eval()
    codebook = model.quantizer.stack[0].codebook
    codebook.entries.data.normal_()
    return Tokenizer(model)


@pytest.fixture(scope="module")
def sound():
    return (0.1 * np.random.default_rng(0).normal(size=2 * RATE + 77)).astype(np.float32)


def test_the_units_are_the_nearest_to_what_is_before_them(tokenizer, sound):
    rows = torch.from_numpy(TokenizerLayers(tokenizer).before_units(sound, RATE))
    entries = tokenizer.model.quantizer.stack[0].codebook.entries
    found = torch.cdist(rows, entries).argmin(1).numpy()
    units = tokenizer.encode(sound, rate=RATE).codes[0, 0]
    assert np.array_equal(found, units) and len(set(units)) > 1


def test_the_last_layer_standardised_is_before_the_units(tokenizer, sound):
    own = TokenizerLayers(tokenizer)
    standardise = tokenizer.model.encoder.standardise
    rows = np.random.default_rng(1).normal(2, 3, (100, SMALL["channels"]))
    before = standardise.mean.clone(), standardise.deviation.clone()
    standardise.mean.copy_(torch.from_numpy(rows.mean(0)))
    standardise.deviation.copy_(torch.from_numpy(rows.std(0)))
    (last,) = own.features(sound, RATE, layer=own.layers)
    wanted = (last - standardise.mean.numpy()) / standardise.deviation.numpy()
    assert own.before_units(sound, RATE) == pytest.approx(wanted, abs=1e-5)
    standardise.mean.copy_(before[0])
    standardise.deviation.copy_(before[1])


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("samples", [1, 399, 400, 720, 2 * RATE + 77])
def test_parts_change_nothing(tokenizer, sound, monkeypatch, layer, samples):
    own = TokenizerLayers(tokenizer)
    (whole,) = own.features(sound[:samples], RATE, layer=layer)
    assert whole.shape == (tokenizer.spec.frames(samples), own.channels(layer))
    monkeypatch.setattr(recording, "BLOCK", 3200)
    (parts,) = own.features(sound[:samples], RATE, layer=layer)
    assert parts == pytest.approx(whole, abs=1e-4)


def test_layers_are_clustered_as_those_of_encoders_are(tokenizer, sound):
    own = TokenizerLayers(tokenizer)
    found = fit(own, [(sound, RATE)], 4, layer=1, standardise=True)
    units = UnitTokenizer(own, found.centres)
    assert units.spec.space.startswith("units@0/L1/k4:")
    assert units.encode(sound, rate=RATE).frames == tokenizer.spec.frames(len(sound))
    rows = units.features(sound, RATE)
    assert rows.mean(0).abs().max() < 1e-4 and (rows.std(0) - 1).abs().max() < 1e-3


def test_what_there_is_not_is_refused(tokenizer, sound):
    own = TokenizerLayers(tokenizer)
    with pytest.raises(ModelError, match="layer is 3 but units has layers 1 to 2"):
        own.features(sound, RATE, layer=3)
    with pytest.raises(ModelError, match="layer is -1 but"):
        own.channels(-1)
    with pytest.raises(AudioError, match="2 channels but features are of one; pass mix=True"):
        own.features(np.stack([sound, sound]), RATE, layer=1)
    with pytest.raises(ModelError, match="is a Speech, which gives tokens and no features"):
        TokenizerLayers(Codec(build("speech", {"encoder_channels": 8, "encoder_blocks": 1})))
