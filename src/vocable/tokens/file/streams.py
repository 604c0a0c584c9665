"""Say what a token file is read from and written to: a file, a pipe, bytes in memory."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


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
