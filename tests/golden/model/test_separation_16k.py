"""`separation-16k@1` gives the parts that it gave when it was shipped.

`1.flac` and `2.flac` are what it makes of `mixture()`. A change of them is a change of Bits in the
changelog, and of the model's version.
"""

from pathlib import Path

import numpy as np
import pytest

import vocable
from vocable.load import describe

HERE = Path(__file__).parent / "separation-16k-1"
RECORDING = Path(__file__).parents[3] / "examples" / "speech.flac"


@pytest.fixture(scope="module")
def separator():
    return vocable.load("separation-16k@1")


def mixture() -> vocable.Audio:
    """A second and a half of speech, and of the same speech a third higher and half as loud."""
    speech = vocable.Audio.read(RECORDING)
    high = vocable.Audio(speech.samples, round(1.3 * speech.rate)).resample(16_000).samples
    low = speech.resample(16_000).samples
    return vocable.Audio(low[:, :24_000] + 0.5 * high[:, 16_000:40_000], 16_000)


def test_parts_are_those_of_the_release(separator):
    for number, part in enumerate(separator.separate(mixture()), 1):
        wanted = vocable.Audio.read(HERE / f"{number}.flac").samples
        assert part.samples.shape == wanted.shape and np.abs(wanted).max() > 0.05
        assert np.abs(part.samples - wanted).max() < 1e-3


def test_parts_add_up_to_the_recording(separator):
    whole = mixture()
    one, two = separator.separate(whole)
    np.testing.assert_allclose(one.samples + two.samples, whole.samples, atol=1e-4)


def test_it_keeps_within_its_budget(separator):
    folder = describe("separation-16k@1").folder
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 3e6
    assert sum(weight.numel() for weight in separator.model.parameters()) <= 1.5e6
