"""A codec folder and a recording for the commands to work on."""

from pathlib import Path

import pytest

from tests.cli.small import save_small_codec, write_tone


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small untrained codec."""
    return save_small_codec(tmp_path_factory.mktemp("codecs") / "small")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def speech(here: Path) -> Path:
    """A recording of 1 s in it."""
    return write_tone(here / "speech.wav")
