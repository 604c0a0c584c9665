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
from vocable.measures import stoi

HERE = Path(__file__).parent
RECORDING = HERE.parents[2] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def codec():
    return vocable.load("speech-16k")


def test_codes_are_those_of_the_release(codec):
    """Codes are equal, but where a first difference is a tie that another processor may break."""
    golden, found = vocable.read_tokens(HERE / "speech.vcb"), codec.encode(RECORDING)
    assert found.spec == golden.spec and found.source == golden.source
    frames = np.flatnonzero((found.codes[0] != golden.codes[0]).any(axis=0))
    assert len(frames) <= 1 + found.frames // 100
    for frame in frames:
        assert is_tie(codec, frame, golden.codes[0, :, frame], found.codes[0, :, frame])


def is_tie(codec, frame: int, golden: np.ndarray, found: np.ndarray) -> bool:
    """Return whether the two first different entries lie equally far from what was searched for."""
    level = int(np.flatnonzero(golden != found)[0])
    x = torch.from_numpy(vocable.Audio.read(RECORDING).samples)[None]
    row = codec.encoder(codec._rows(x))[:, frame : frame + 1]
    if level == 0:
        wanted, book = row[0, 0, -4:], codec.quantizer.book.hz
        return bool(((book[golden[0]] - book[found[0]]).abs() < 0.5 + 0.01 * wanted).all())
    rest = codec.quantizer._latent(row)[0, 0]
    books = [part.codebook.entries for part in codec.quantizer.residual.stack]
    for step in range(1, level):
        rest = rest - books[step - 1][golden[step]]
    book = books[level - 1]
    far = [(rest - book[codes[level]]).double().square().sum() for codes in (golden, found)]
    return bool(abs(far[0] - far[1]) < 1e-4 * far[0])


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
    folder = Path(vocable.__file__).parent / "models" / "speech-16k"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20e6
    assert codec.spec.bitrate() == 2000, "bits/s"
    assert 0.050 * codec.rate >= 640 + 160, "a frame and the overlap, samples"
