"""Open what the caller names: a path, an open binary file, a pipe, or "-" (stdin)."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from ..binary_streams import BinaryFile
from ..errors import AudioError


def name_of(source: str | os.PathLike[str] | BinaryFile) -> str:
    """Return the name of a source for messages."""
    if isinstance(source, str | os.PathLike):
        return "stdin" if str(source) == "-" else os.fspath(source)
    return str(getattr(source, "name", "audio"))


def open_seekable(
    source: str | os.PathLike[str] | BinaryFile, cleanup: contextlib.ExitStack
) -> str | BinaryFile:
    """Return the path of a regular file, or an open file at its start that can seek.

    A pipe is copied to disk, so that memory stays small. `cleanup` closes what is opened here.
    Raises FileNotFoundError, IsADirectoryError, PermissionError, and AudioError for an empty file.
    """
    if isinstance(source, str | os.PathLike):
        if str(source) != "-":
            path = _existing(source)
            if path.is_file():
                _check_not_empty(path.stat().st_size, str(path))
                open(path, "rb").close()  # raises PermissionError, which libraries hide
                return os.fspath(path)
            source = cleanup.enter_context(open(path, "rb"))
        else:
            source = sys.stdin.buffer
    file = source if source.seekable() else _copy(source, cleanup)
    _check_not_empty(file.seek(0, os.SEEK_END), name_of(source))
    file.seek(0)
    return file


def _existing(source: str | os.PathLike[str]) -> Path:
    path = Path(source)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a recording in it")
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file")
    return path


def _copy(source: BinaryFile, cleanup: contextlib.ExitStack) -> BinaryFile:
    copy = cleanup.enter_context(tempfile.TemporaryFile())
    shutil.copyfileobj(source, copy)
    return copy


def _check_not_empty(size: int, name: str) -> None:
    if size == 0:
        raise AudioError(f"{name} is empty (0 bytes); record or fetch it again")
