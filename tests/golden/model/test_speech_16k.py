"""The shipped model gives the codes and the sound that it gave when it was shipped.

`speech.vcb` and `speech.flac` were made from `examples/speech.flac` by
    vocable encode examples/speech.flac -o tests/golden/model/speech.vcb
    vocable decode tests/golden/model/speech.vcb -o tests/golden/model/speech.flac
A change of either is a change of Bits in the changelog, and of the model's version.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from vocable.load import describe
from vocable.measures import stoi
from vocable.testing import check_codes_agree

HERE = Path(__file__).parent
RECORDING = HERE.parents[2] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def codec():
    return vocable.load("speech-16k")


def latent(codec) -> torch.Tensor:
    """Return what is searched for, `[1, frames, latent + pitch]`, as in `speech.latent.npy`."""
    x = torch.tensor(vocable.Audio.read(RECORDING).samples)[None]
    return codec.model.encoder(codec.model._rows(x))


def test_codes_are_those_of_the_release(codec):
    """Codes are equal but for ties, of which 1 frame in 1000 is allowed, the pitch level wholly."""
    golden, found = vocable.read_tokens(HERE / "speech.vcb"), codec.encode(RECORDING)
    assert found.spec == golden.spec and found.source == golden.source
    then, now = torch.from_numpy(np.load(HERE / "speech.latent.npy")), latent(codec)
    ties = check_codes_agree(codec.model.quantizer, then, golden.to_torch(), now, found.to_torch())
    assert ties <= max(1, found.frames // 1000)
    assert np.array_equal(found.stacks[0], golden.stacks[0])


def test_sound_is_that_of_the_release(codec):
    wanted = vocable.Audio.read(HERE / "speech.flac").samples
    found = codec.decode(vocable.read_tokens(HERE / "speech.vcb")).samples
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-4


def test_it_is_intelligible(codec):
    recording = vocable.Audio.read(RECORDING)
    tokens = codec.encode(recording)
    scores = [
        stoi(recording.samples[0], codec.decode(tokens.first(n)).samples[0], recording.rate)
        for n in (2, 4, 8)
    ]
    assert scores[0] > 0.65 and scores[2] > 0.8 and scores == sorted(scores)


def test_it_keeps_within_its_budget(codec):
    folder = describe("speech-16k@1").folder
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20e6
    assert codec.spec.bitrate() == 2000, "bits/s"
    assert 0.050 * codec.rate >= 640 + 160, "a frame and the overlap, samples"
