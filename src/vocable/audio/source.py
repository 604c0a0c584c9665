"""Find the file behind what people name: a path, an open binary file, a pipe, stdin."""

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
    """Return what to call a source in messages."""
    if isinstance(source, str | os.PathLike):
        return "stdin" if str(source) == "-" else os.fspath(source)
    return str(getattr(source, "name", "audio"))


def reopenable(
    source: str | os.PathLike[str] | BinaryFile, cleanup: contextlib.ExitStack
) -> str | BinaryFile:
    """Return a path, or a file at its start that can seek; raise for what is not there or empty.

    A pipe is put on disk first, so that memory stays small. `cleanup` closes what is opened here.
    """
    if isinstance(source, str | os.PathLike):
        if str(source) != "-":
            path = _existing(source)
            if path.is_file():
                _refuse_empty(path.stat().st_size, str(path))
                open(path, "rb").close()  # a file that may not be read says so itself
                return os.fspath(path)
            source = cleanup.enter_context(open(path, "rb"))
        else:
            source = sys.stdin.buffer
    file = source if source.seekable() else _copy(source, cleanup)
    _refuse_empty(file.seek(0, os.SEEK_END), name_of(source))
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


def _refuse_empty(size: int, name: str) -> None:
    if size == 0:
        raise AudioError(f"{name} is empty (0 bytes); record or fetch it again")
