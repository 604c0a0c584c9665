"""Find whole records in bytes that may be damaged anywhere."""

from __future__ import annotations

from ...errors import FormatError
from .limits import MAX_PAYLOAD
from .opening import Bytes
from .records import SYNC, Record, read_record

MAX_EFFORT = 64  # bytes checked in vain, for each byte that there is


class ByteReader:
    """Read bytes in order from an offset on, as a file does."""

    def __init__(self, data: Bytes, offset: int) -> None:
        self.data, self.offset = data, offset

    def read(self, size: int = -1, /) -> bytes:
        """Return the next `size` bytes."""
        piece = bytes(self.data[self.offset : self.offset + size])
        self.offset += len(piece)
        return piece


class RecordFinder:
    """Look for records at every sync word.

    A hostile file can hold many false beginnings, each with a long payload to check; after checking
    MAX_EFFORT times as many bytes in vain as there are, nothing more is found.
    """

    def __init__(self, data: Bytes, file_id: bytes) -> None:
        self._data, self._id = data, file_id
        self._budget = MAX_EFFORT * len(data) + MAX_PAYLOAD

    def find(self, start: int) -> Record | None:
        """Return the first whole record at byte `start` or later; None if there is none."""
        offset = self._data.find(SYNC, start)
        while offset >= 0 and self._budget > 0:
            reader = ByteReader(self._data, offset)
            try:
                return read_record(reader, self._id, offset)
            except FormatError:
                self._budget -= reader.offset - offset
            offset = self._data.find(SYNC, offset + 1)
        return None
