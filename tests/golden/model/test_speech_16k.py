"""`speech-16k@2` gives the codes and the sound that it gave when it was shipped.

`speech.vcb` and `speech.flac` were made from `examples/speech.flac` by
    vocable encode examples/speech.flac --codec speech-16k@2 -o speech.vcb
    vocable decode speech.vcb -o speech.flac
A change of codes is a change of Bits in the changelog, and of the model's version; one of sound
alone is a change of Bits. `speech.flac` was made anew once, when pulses became exact: it had been
1.5e-4 off of what pulses in doubles give, and is 1.6e-5 off now, by its 16 bits.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

import vocable
from vocable.load import describe
from vocable.measures import stoi
from vocable.testing import check_codes_agree

HERE = Path(__file__).parent / "speech-16k-2"
RECORDING = Path(__file__).parents[3] / "examples" / "speech.flac"
CONTOURS = 2  # before the residual levels


@pytest.fixture(scope="module")
def codec():
    return vocable.load("speech-16k@2")


def latent(codec) -> torch.Tensor:
    """Return what is searched for, `[1, frames, latent + contours]`, as in `speech.latent.npy`."""
    x = torch.tensor(vocable.Audio.read(RECORDING).samples)[None]
    return codec.model.encoder(codec.model._rows(x))


def test_codes_are_those_of_the_release(codec):
    """Codes are equal but for ties, of which 1 frame in 1000 is allowed; contours wholly."""
    golden = vocable.read_tokens(HERE / "speech.vcb")
    found = codec.encode(RECORDING)
    assert found.spec == golden.spec and found.source == golden.source
    then = torch.from_numpy(np.load(HERE / "speech.latent.npy")).float()
    ties = check_codes_agree(
        codec.model.quantizer, then, golden.to_torch(), latent(codec), found.to_torch()
    )
    assert ties <= max(1, found.frames // 1000)
    for level in range(CONTOURS):
        assert np.array_equal(found.stacks[level], golden.stacks[level])


def test_sound_is_that_of_the_release(codec):
    wanted = vocable.Audio.read(HERE / "speech.flac").samples
    found = codec.decode(vocable.read_tokens(HERE / "speech.vcb")).samples
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-4


def test_it_is_intelligible(codec):
    recording = vocable.Audio.read(RECORDING)
    tokens = codec.encode(recording)
    prefixes = codec.spec.prefixes
    scores = [
        stoi(recording.samples[0], codec.decode(tokens.first(n)).samples[0], recording.rate)
        for n in (prefixes[0], 4, prefixes[-1])
    ]
    assert scores[0] > 0.65 and scores == sorted(scores)
    assert scores[-1] > 0.89


def test_it_keeps_within_its_budget(codec):
    folder = describe("speech-16k@2").folder
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20e6
    assert codec.spec.bitrate() == 2200, "bits/s"
    assert 0.050 * codec.rate >= 640 + 160, "a frame and the overlap, samples"


def test_it_is_as_loud_at_any_level_and_silent_where_there_is_silence(codec):
    x = vocable.Audio.read(RECORDING).samples[0]
    for gain in (0.02, 1 / np.abs(x).max()):
        loud = (gain * x).astype(np.float32)
        y = codec.decode(codec.encode(loud, rate=16_000)).samples[0]
        assert abs(10 * np.log10(np.mean(y**2) / np.mean(loud**2))) < 0.8, "dB"
    silence = np.zeros(16_000, np.float32)
    assert not codec.decode(codec.encode(silence, rate=16_000)).samples.any()
