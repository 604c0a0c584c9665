"""A codec that runs in milliseconds, and a folder of recordings."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.small import save_small_codec


@pytest.fixture(scope="session")
def codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small untrained codec of 4 levels × 32."""
    return save_small_codec(tmp_path_factory.mktemp("codecs") / "small")


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder of seven recordings: two lengths and rates, one stereo, one below another folder."""
    folder = tmp_path / "sounds"
    (folder / "deep").mkdir(parents=True)
    draw = np.random.default_rng(1)
    for number in range(5):
        seconds = 0.3 if number % 2 else 0.45
        noise = draw.normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
        soundfile.write(folder / f"{number}.flac", noise, 16_000)
    stereo = draw.normal(0, 0.1, (8000, 2)).astype(np.float32)
    soundfile.write(folder / "deep" / "wide.wav", stereo, 22_050)
    soundfile.write(folder / "deep" / "5.wav", np.zeros(4000, np.float32), 16_000)
    return folder
