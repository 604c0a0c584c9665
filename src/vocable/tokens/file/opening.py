"""Open what a token file is read from: a path, a pipe, bytes in memory."""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...binary_streams import BinaryFile

Bytes = bytes | mmap.mmap


def name_of(path: str | os.PathLike[str] | BinaryFile) -> str:
    """Return how errors name a file."""
    if isinstance(path, (str, os.PathLike)):
        return "stdin" if str(path) == "-" else str(path)
    return str(getattr(path, "name", "tokens"))


def open_seekable(
    path: str | os.PathLike[str] | BinaryFile, cleanup: contextlib.ExitStack
) -> BinaryFile:
    """Open for seeking; what cannot seek is read into memory, since a token file is small.

    `cleanup` closes what is opened here.
    """
    if isinstance(path, (str, os.PathLike)) and str(path) != "-":
        if Path(path).is_dir():
            raise IsADirectoryError(f"{path} is a folder, not a token file")
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no file {path}")
        file: BinaryFile = cleanup.enter_context(open(path, "rb"))
    else:
        file = sys.stdin.buffer if isinstance(path, (str, os.PathLike)) else path
    return file if file.seekable() else io.BytesIO(file.read())


@contextlib.contextmanager
def mapped(file: BinaryFile) -> Iterator[Bytes]:
    """Give all bytes of a file, without reading them where the system can map it into memory."""
    view = _map(file)
    if view is None:
        file.seek(0)
        yield file.read()
    else:
        with view:
            yield view


def _map(file: Any) -> mmap.mmap | None:
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (AttributeError, OSError, ValueError):  # not a file of the system, or an empty one
        return None
