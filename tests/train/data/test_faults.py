"""Poor recordings are named by a scan: each is made here."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vocable.audio import resample
from vocable.train.data.faults import FaultFinder
from vocable.train.data.manifest import scan

RATE = 16_000


def hiss(seconds: float = 2.0, level: float = 0.1, seed: int = 0) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def clipped(places: int) -> np.ndarray:
    x = hiss(60.0, 0.05)
    for place in range(places):
        x[1000 * place + 500 : 1000 * place + 503] = 1.0
    return x


def narrow() -> np.ndarray:
    half = hiss().astype(np.float32)[None, ::2]
    return np.asarray(resample(half, RATE // 2, RATE))[0]


@pytest.mark.parametrize(
    ("samples", "kinds"),
    [
        (hiss(), set()),
        (np.zeros(1), {"short"}),
        (np.full(1, 0.5), {"short"}),
        (hiss(0.09), {"short"}),
        (hiss(0.11), set()),
        (np.zeros(RATE), {"silent"}),
        (hiss(1.0, 1e-4), {"silent"}),
        (clipped(1), set()),
        (clipped(2), {"clipped"}),
        (np.clip(hiss(2.0, 1.0), -1, 1), {"clipped"}),
        (hiss() / np.abs(hiss()).max(), set()),  # a peak that was fitted to full scale
        (narrow(), {"narrow"}),
    ],
)
def test_each_kind(samples: np.ndarray, kinds: set[str], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    found = scan(tmp_path)
    assert found.noted == {kind: [str(tmp_path / "a.wav")] for kind in kinds}
    assert len(found.rows) == (0 if kinds & {"short", "silent"} else 1)


def test_copies_are_noted_in_any_format_and_stay(tmp_path: Path) -> None:
    x, other = ((hiss(12.0, seed=seed) * 32768).astype(np.int16) for seed in (0, 1))
    soundfile.write(tmp_path / "a.wav", x, RATE)
    soundfile.write(tmp_path / "b.flac", x, RATE)
    soundfile.write(tmp_path / "c.wav", x, 2 * RATE)  # other sound: twice as fast
    soundfile.write(tmp_path / "d.wav", other, RATE)
    found = scan(tmp_path)
    assert found.noted == {"copy": [str(tmp_path / "b.flac")]} and len(found.rows) == 4


def test_the_band_of_a_stereo_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([narrow(), narrow()], 1), RATE)
    (row,) = scan(tmp_path).rows
    assert row["band_end"] == pytest.approx(4000, abs=150) and row["clipped"] == 0


@pytest.mark.parametrize("frames", [1, 7, 50])
def test_blocks_of_any_size_say_the_same(frames: int) -> None:
    whole, pieces = FaultFinder(RATE), FaultFinder(RATE)
    x = np.clip(hiss(2.0, 1.0), -1, 1).astype(np.float32)[None]
    x[0, 318:323] = 1.0  # over the edge of the first frame
    whole.push(x)
    for start in range(0, x.shape[1], 320 * frames):
        pieces.push(x[:, start : start + 320 * frames])
    assert whole.digest == pieces.digest and whole.facts() == pieces.facts()
