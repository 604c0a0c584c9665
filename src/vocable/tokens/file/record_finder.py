"""Find whole records in bytes that may be damaged anywhere."""

from __future__ import annotations

from ...errors import FormatError
from . import short_chunk
from .limits import MAX_PAYLOAD
from .opening import Bytes
from .records import SYNC, Record, RecordKind, read_record

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
    """Look for records at every sync word, and for short chunks (`short` bytes of codes) anywhere.

    A checksum of 16 bits fits some bytes by chance, so a short chunk counts where one must begin
    (at the start of the search, or a chunk further), and elsewhere if another record follows it.
    A hostile file can hold many false beginnings, each with a long payload to check; after checking
    MAX_EFFORT times as many bytes in vain as there are, nothing more is found.
    """

    def __init__(self, data: Bytes, file_id: bytes, short: int = 0) -> None:
        self._data, self._id, self._short = data, file_id, short
        self._budget = MAX_EFFORT * len(data) + MAX_PAYLOAD

    def find(self, start: int) -> Record | None:
        """Return the first whole record at byte `start` or later; None if there is none."""
        if not self._short:
            return self._find_full(start)
        likely = (start, start + short_chunk.size_of(self._short))
        for offset in range(start, len(self._data)):
            record = self._read(offset) if self._may_begin(offset) else None
            if record is not None and (offset in likely or self._is_sure(record)):
                return record
            if self._budget <= 0:
                return None
        return None

    def _find_full(self, start: int) -> Record | None:
        offset = self._data.find(SYNC, start)
        while offset >= 0 and self._budget > 0:
            record = self._read(offset)
            if record is not None:
                return record
            offset = self._data.find(SYNC, offset + 1)
        return None

    def _may_begin(self, offset: int) -> bool:
        first = self._data[offset]
        return first < short_chunk.NUMBERS or first == SYNC[0]

    def _is_sure(self, record: Record) -> bool:
        after = record.offset + record.size
        return record.kind != RecordKind.SHORT or (
            after < len(self._data) and self._read(after) is not None
        )

    def _read(self, offset: int) -> Record | None:
        reader = ByteReader(self._data, offset)
        try:
            return read_record(reader, self._id, offset, self._short)
        except FormatError:
            self._budget -= reader.offset - offset
            return None
