"""Fixtures for bad input: a codec, a folder, and a check that nothing in it changed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.small import save_small_codec
from vocable.cli.group import commands


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small untrained codec."""
    return save_small_codec(tmp_path_factory.mktemp("codecs") / "small")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder and their bytes, hidden files too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Refused:
    """Calls a command that has to fail with one line and change nothing in the folder."""

    def __init__(self, folder: Path, codec: Path) -> None:
        self.folder = folder
        self.codec = codec

    def __call__(self, *args: str, code: int) -> str:
        """Return the line, without the `error: ` in front."""
        before = contents(self.folder)
        done = CliRunner().invoke(commands, [*args, "--codec", str(self.codec)])
        assert done.exit_code == code, done.output
        assert done.stdout == ""
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
        assert contents(self.folder) == before, "files changed"
        return done.stderr.removeprefix("error: ").rstrip("\n")


@pytest.fixture
def refused(here: Path, small: Path) -> Refused:
    return Refused(here, small)
