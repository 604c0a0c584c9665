"""`units-16k@1` gives the units that it gave when it was shipped, and keeps what its card says.

`speech.vcb` was made from `examples/speech.flac` by
    vocable encode examples/speech.flac --codec units-16k@1 -o speech.vcb
A change of it is a change of Bits in the changelog, and of the model's version.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from vocable.load import describe
from vocable.testing import check_streams_equal_whole

HERE = Path(__file__).parent / "units-16k-1"
RECORDING = Path(__file__).parents[3] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def units():
    return vocable.load("units-16k@1")


def test_units_are_those_of_the_release(units):
    """They are equal but for ties, 1 frame in 50 at most."""
    golden, found = vocable.read_tokens(HERE / "speech.vcb"), units.encode(RECORDING)
    assert found.spec == golden.spec and found.source == golden.source
    assert (found.codes == golden.codes).mean() >= 0.98


def test_it_keeps_within_its_budget(units):
    folder = describe("units-16k@1").folder
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 12e6
    assert sum(weight.numel() for weight in units.model.parameters()) <= 5e6


def test_units_come_65_ms_after_what_they_stand_for(units):
    """Nothing later than 65 ms behind a frame is heard by its unit."""
    spec, ahead = units.spec, units.model.encoder.lookahead
    assert ahead == 0.065 * spec.rate
    sound = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    heard = sound.copy()
    heard[20 * spec.frame + ahead :] = 0.0
    whole, cut = (units.encode(each, rate=spec.rate).codes[0, 0] for each in (sound, heard))
    assert np.array_equal(whole[:20], cut[:20])


def test_a_stream_gives_the_units_of_the_whole(units):
    sound = vocable.Audio.read(RECORDING).resample(units.rate).samples[:, : 3 * units.rate]
    check_streams_equal_whole(units, torch.tensor(sound)[None], [640] * 75)


def test_what_is_said_decides_more_than_how_loud(units):
    speech = vocable.Audio.read(RECORDING).resample(units.rate).samples[0]
    loud, quiet = (units.encode(gain * speech, rate=units.rate).codes for gain in (0.7, 0.1))
    assert (loud == quiet).mean() > 0.8
