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

from ...binary_streams import BinaryFile, as_bytes
from ...errors import TokenError
from ..formats import as_own

Bytes = bytes | mmap.mmap


def name_of(path: Any) -> str:
    """Return how errors name a file."""
    if isinstance(path, (str, os.PathLike)):
        return "stdin" if str(path) == "-" else str(path)
    return str(getattr(path, "name", "tokens"))


def check_exists(path: Any) -> None:
    """Raise FileNotFoundError or IsADirectoryError for a path that names no file."""
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a token file")
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no file {path}")


def open_seekable(path: Any, cleanup: contextlib.ExitStack) -> BinaryFile:
    """Open for seeking; what cannot seek is read into memory, since a token file is small.

    Arrays that `tokens.save` wrote become a token file in memory. `cleanup` closes what is opened
    here.
    """
    if isinstance(path, (str, os.PathLike)) and str(path) != "-":
        check_exists(path)
        file: BinaryFile = as_own(path) or cleanup.enter_context(open(path, "rb"))
    else:
        file = sys.stdin.buffer if isinstance(path, (str, os.PathLike)) else _opened(path)
    return file if file.seekable() else io.BytesIO(file.read())


def _opened(source: Any) -> Any:
    """Return bytes as an open file, and of a file that was opened as text the bytes below."""
    if (data := as_bytes(source)) is not None:
        return io.BytesIO(data)
    if hasattr(source, "buffer"):
        return source.buffer
    if not hasattr(source, "read") or isinstance(source, io.TextIOBase):
        raise TokenError(
            f"a token file is a path, an open binary file or the bytes of one, got "
            f"{type(source).__name__}"
        )
    return source


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
