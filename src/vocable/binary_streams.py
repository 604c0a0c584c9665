"""Name what is asked of open binary files, pipes and bytes in memory.

Each protocol lists the methods that are called, so that objects of other libraries serve as well
as Python's own. They can be checked at run time, as the tests do with every signature.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Readable(Protocol):
    """Bytes that come in order."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes (-1: all), none at the end."""
        ...


@runtime_checkable
class LiveReadable(Protocol):
    """Bytes that arrive while they are read, as in a pipe."""

    def read1(self, size: int, /) -> bytes:
        """Return the bytes that are there, up to `size`; wait only for the first."""
        ...


@runtime_checkable
class BinaryFile(Readable, Protocol):
    """An open binary file; one that cannot seek is read or copied first."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a position and return it."""
        ...

    def tell(self) -> int:
        """Return the position."""
        ...

    def seekable(self) -> bool:
        """Say whether `seek` works."""
        ...


@runtime_checkable
class Writable(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""
        ...

    def flush(self) -> None:
        """Pass on what was written."""
        ...


@runtime_checkable
class ChangeableFile(BinaryFile, Writable, Protocol):
    """An open binary file that is read, written and changed in place."""


def as_bytes(data: Any) -> bytes | None:
    """Return what bytes, a bytearray or a memoryview of bytes holds; None for all else."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, bytearray) or (isinstance(data, memoryview) and data.format in "Bbc"):
        return bytes(data)
    return None
