"""Tokens are saved whole or not at all, by the ending of the name."""

import os
import subprocess
import sys

import pytest

from tests.tokens.test_spec import SPEECH
from tests.tokens.written import speech
from vocable.errors import TokenError
from vocable.tokens import TokenWriter, Track, read_tokens, write_tokens


def test_nothing_existing_is_lost(tmp_path):
    path = tmp_path / "a.vcb"
    speech().save(path)
    before = path.read_bytes()
    for refused in (lambda: speech(seed=1).save(path),
                    lambda: TokenWriter(path, Track(SPEECH))):  # fmt: skip
        with pytest.raises(FileExistsError, match="overwrite=True"):
            refused()
    assert path.read_bytes() == before
    speech(seed=1).save(path, overwrite=True)
    assert read_tokens(path) == speech(seed=1)
    assert os.listdir(tmp_path) == ["a.vcb"]


def test_a_failed_save_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.vcb"
    speech().save(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vocable.tokens.file.chunk.encode", full)
    with pytest.raises(OSError, match="No space left"):
        speech(seed=1).save(path, overwrite=True)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["a.vcb"] and read_tokens(path) == speech()


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_tokens(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_tokens(tmp_path / "a.vcb")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        speech().save(tmp_path / "b" / "a.vcb")


def test_no_ending_is_a_token_file(tmp_path):
    speech().save(tmp_path / "tokens")
    assert read_tokens(tmp_path / "tokens") == speech()


@pytest.mark.parametrize("name", ["a.json", "a.pt", "a.tokens", "a.vcb.gz", "a.csv"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(TokenError, match=r"must be one of \.npy \.npz \.safetensors \.vcb$"):
        speech().save(tmp_path / name)
    assert not any(tmp_path.iterdir())
    write_tokens(tmp_path / name, speech())  # which says itself what it writes
    assert read_tokens(tmp_path / name) == speech()


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes on Windows")
def test_a_pipe_may_have_any_ending(tmp_path):
    os.mkfifo(tmp_path / "a.fifo")
    code = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    command = [sys.executable, "-c", code]
    reader = subprocess.Popen([*command, tmp_path / "a.fifo"], stdout=subprocess.PIPE)
    speech().save(tmp_path / "a.fifo")
    assert read_tokens(reader.communicate(timeout=60)[0]) == speech()
