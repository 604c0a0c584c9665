"""Say what a token file is read from and written to: a file, a pipe, bytes in memory."""

from __future__ import annotations

import io
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

Bytes = bytes | mmap.mmap


@runtime_checkable  # so that signatures can be checked in the test run
class Readable(Protocol):
    """Bytes that come in order."""

    def read(self, count: int = -1, /) -> bytes:
        """Return up to `count` bytes, none at the end."""


@runtime_checkable
class Seekable(Readable, Protocol):
    """Bytes that can be read from anywhere, if `seekable` says so."""

    def seekable(self) -> bool:
        """Say whether `seek` works: not for a pipe."""

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Go to a place and return it."""

    def fileno(self) -> int:
        """Return the system's number of the file; OSError for bytes in memory."""

    def close(self) -> None:
        """Let go of the file."""


@runtime_checkable
class Writable(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> int:
        """Write all of `data`."""

    def flush(self) -> None:
        """Pass on what was written."""

    def fileno(self) -> int:
        """Return the system's number of the file; OSError for bytes in memory."""

    def close(self) -> None:
        """Let go of the file."""


def name_of(path: str | os.PathLike[str] | Seekable) -> str:
    """Return how errors name a file."""
    if isinstance(path, (str, os.PathLike)):
        return "stdin" if str(path) == "-" else str(path)
    return str(getattr(path, "name", "tokens"))


def opened(path: str | os.PathLike[str] | Seekable) -> tuple[Seekable, bool]:
    """Open for seeking; what cannot seek is read whole, a token file being small."""
    if isinstance(path, (str, os.PathLike)) and str(path) != "-":
        if Path(path).is_dir():
            raise IsADirectoryError(f"{path} is a folder, not a token file")
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no file {path}")
        file: Seekable = open(path, "rb")  # noqa: SIM115 - closed by TokenFile.close
        return (file, True) if file.seekable() else (_read_all(file), True)
    stream: Seekable = sys.stdin.buffer if isinstance(path, (str, os.PathLike)) else path
    return (stream, False) if stream.seekable() else (_read_all(stream), True)


def _read_all(stream: Seekable) -> Seekable:
    return io.BytesIO(stream.read())


@contextmanager
def whole(file: Seekable) -> Iterator[Bytes]:
    """Give the bytes of a file, without reading them where the system can map it."""
    file.seek(0)
    try:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        yield file.read()
    else:
        with data:
            yield data
