"""`sound-48k@1` gives the codes and the sound that it gave when it was shipped.

`guitar.vcb` and `guitar.flac` were made from `examples/guitar.flac` by
    vocable encode examples/guitar.flac --codec sound-48k@1 -o guitar.vcb
    vocable decode guitar.vcb -o guitar.flac
A change of either is a change of Bits in the changelog, and of the model's version.
"""

from pathlib import Path

import numpy as np
import pytest

import vocable
from vocable.load import describe
from vocable.measures import mel_distance_dac, si_sdr

HERE = Path(__file__).parent / "sound-48k-1"
RECORDING = Path(__file__).parents[3] / "examples" / "guitar.flac"


@pytest.fixture(scope="module")
def codec():
    return vocable.load("sound-48k@1")


def test_codes_are_those_of_the_release(codec):
    """Codes are equal but for ties, which change what a frame codes next: 1 frame in 50 at most."""
    golden, found = vocable.read_tokens(HERE / "guitar.vcb"), codec.encode(RECORDING)
    assert found.spec == golden.spec and found.source == golden.source
    same = np.all([a == b for a, b in zip(found.stacks, golden.stacks, strict=True)], axis=0)
    assert same.mean() >= 0.98


def test_sound_is_that_of_the_release(codec):
    wanted = vocable.Audio.read(HERE / "guitar.flac").samples
    found = codec.decode(vocable.read_tokens(HERE / "guitar.vcb")).samples
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 1e-4


def test_each_prefix_is_nearer_to_the_recording(codec):
    recording = vocable.Audio.read(RECORDING).resample(codec.rate)
    x, tokens = recording.samples[0], codec.encode(recording)
    again = [codec.decode(tokens.first(n)).samples[0] for n in codec.spec.prefixes]
    far = [mel_distance_dac(x, y, codec.rate) for y in again]
    assert far == sorted(far, reverse=True) and far[-1] < 0.8
    near = [si_sdr(x, y, codec.rate) for y in again]
    assert near == sorted(near) and near[-1] > 15


def test_silence_is_silence(codec):
    silence = np.zeros(24_000, np.float32)
    assert not codec.decode(codec.encode(silence, rate=codec.rate)).samples.any()


def test_it_keeps_within_its_budget(codec):
    folder = describe("sound-48k@1").folder
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20e6
    assert 1500 <= codec.spec.bitrate(4) <= 2000 and codec.spec.bitrate() <= 24_000
    assert float(codec.latency.steady) <= 0.040
