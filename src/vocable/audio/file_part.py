"""Show a decoder a part of a file as a file of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..binary_streams import BinaryFile

ENDLESS = 2**50  # bytes; more than any file has
_KEPT = 2**16


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `end` of a file: one of several recordings in it, or all but its header."""

    start: int
    end: int
    head: bytes = b""  # comes before them
    endless: bool = False  # no length is stated, and none must be guessed from the file's size

    @property
    def is_plain(self) -> bool:
        """Whether a decoder of the whole file, where this part is the only one, does as well."""
        return not (self.head or self.endless)


class FilePart:
    """A part of an open file, as a file that decoders read.

    An endless part claims a size from which no decoder can guess a number of samples that would end
    the recording too early; reading ends where the part ends.
    """

    def __init__(self, file: BinaryFile, part: Part) -> None:
        self.file = file
        self._start = part.start - len(part.head)
        self._head = part.head
        self._size = part.end - self._start
        self._claimed = ENDLESS if part.endless else self._size
        self._position = 0
        self._kept, self._kept_from = b"", 0  # what was read last, and from where

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position and return it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._claimed}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes; zeros where an endless part only claims to have some."""
        left = self._size - self._position
        if left < 0:
            return bytes(max(0, min(size, self._claimed - self._position)))
        size = left if size < 0 else min(size, left)
        data = self._head[self._position : self._position + size]
        if len(data) < size:
            self.file.seek(self._start + self._position + len(data))
            data += self.file.read(size - len(data))
        self._position += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as there are bytes, and return how many; fast for small ones."""
        at, size = self._position - self._kept_from, len(buffer)
        if not 0 <= at <= len(self._kept) - size:
            at, self._kept_from = 0, self._position
            self._kept = self.read(max(size, _KEPT))
            size = min(size, len(self._kept))
        buffer[:size] = self._kept[at : at + size]
        self._position = self._kept_from + at + size
        return size
