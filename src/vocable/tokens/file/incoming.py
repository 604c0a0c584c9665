"""Find whole records in bytes that arrive piece by piece, between others that may be damaged."""

from __future__ import annotations

from ...errors import FormatError
from ..varint import MAX_VARINT_BYTES
from . import short_chunk
from .record_finder import ByteReader
from .records import (
    ID_BYTES,
    MAGIC,
    PREAMBLE_BYTES,
    SYNC,
    Record,
    RecordKind,
    Truncated,
    read_preamble,
    read_record,
)

_LIVE = SYNC + bytes([RecordKind.LIVE])


class IncomingRecords:
    """Take bytes, give the records that are complete.

    A short chunk counts where one must begin (after a record, or a chunk further), and elsewhere if
    another record follows it: its checksum of 16 bits fits some bytes by chance.

    file_id     of the stream; None until its preamble or a live record says it
    short       bytes of codes in a short chunk; 0 where there are none
    missed      bytes before the first record
    left_out    bytes since then that belong to no record
    """

    def __init__(self) -> None:
        self.file_id: bytes | None = None
        self.short = 0
        self.missed = self.left_out = 0
        self._data = b""
        self._at = 0  # where reading goes on
        self._searched = 0  # bytes before this begin no record that shows the one at `_at` false
        self._must: tuple[int, ...] = (0,)  # where a record must begin
        self._begun = self._any = False

    def push(self, data: bytes) -> None:
        """Take the next bytes."""
        self._must = tuple(at - self._at for at in self._must if at >= self._at)
        self._searched = max(0, self._searched - self._at)
        self._data, self._at = self._data[self._at :] + data, 0

    def next(self) -> Record | None:
        """Return the next whole record; None where more bytes are needed."""
        if not self._begun and not self._begin():
            return None
        while self._at < len(self._data):
            try:
                record = self._read(self._at)
                if self._at not in self._must and not self._is_sure(record):
                    raise FormatError("this may be chance")
            except Truncated:
                following = self._following()
                if following is None:
                    return None
                self._skip(following - self._at)
            except FormatError:
                self._skip(1)
            else:
                return self._taken(record)
        return None

    def finish(self) -> None:
        """Count what is left as left out."""
        self._skip(len(self._data) - self._at)

    def _begin(self) -> bool:
        """Read the preamble, if the stream begins with one; False where more bytes are needed."""
        head = self._data[:PREAMBLE_BYTES]
        if len(head) < PREAMBLE_BYTES and head[: len(MAGIC)] == MAGIC[: len(head)]:
            return False
        self._begun = True
        if head[: len(MAGIC)] == MAGIC:
            self.file_id = read_preamble(head)
            self._at = PREAMBLE_BYTES
        self._must = (self._at,) if self._at else ()
        return True

    def _read(self, at: int) -> Record:
        first = self._data[at]
        if first != SYNC[0] and not (self.short and first < short_chunk.NUMBERS):
            raise FormatError("no record begins here")
        file_id = self._id_at(at)
        if file_id is None and first == SYNC[0] and at + len(_LIVE) <= len(self._data):
            raise FormatError("a record that cannot be checked yet")
        record = read_record(ByteReader(self._data, at), file_id or b"", at, self.short)
        assert record is not None  # there are bytes
        return record

    def _id_at(self, at: int) -> bytes | None:
        """Return the id that a record is checked by; a live record brings its own."""
        if not self._data.startswith(_LIVE, at):
            return self.file_id
        head = self._data[at : at + len(_LIVE) + 2 * MAX_VARINT_BYTES + ID_BYTES]
        ends = [k for k in range(len(_LIVE), len(head)) if head[k] < 0x80][:2]
        if len(ends) < 2 or ends[1] + ID_BYTES >= len(head):
            raise Truncated("the id will follow")
        return head[ends[1] + 1 : ends[1] + 1 + ID_BYTES]

    def _is_sure(self, record: Record) -> bool:
        """Say whether a record is none by chance; Truncated where more bytes are needed."""
        if record.kind != RecordKind.SHORT:
            return True
        after = record.offset + record.size
        if after == len(self._data):
            raise Truncated("the next chunk will tell")
        try:
            self._read(after)
        except Truncated:
            raise
        except FormatError:
            return False
        return True

    def _following(self) -> int | None:
        """Return where whole records show that the one that seems to begin at `_at` does not.

        The length that a damaged record claims may never come.
        """
        undecided = []
        for at in range(max(self._at + 1, self._searched), len(self._data)):
            try:
                if self._is_sure(self._read(at)):
                    return at
            except Truncated:
                undecided.append(at)
            except FormatError:
                pass
        self._searched = undecided[0] if undecided else len(self._data)
        return None

    def _taken(self, record: Record) -> Record:
        if not self._any:
            self.missed, self.left_out, self._any = self.left_out, 0, True
        self._at += record.size
        size = short_chunk.size_of(self.short) if self.short else 0
        self._must, self._searched = (self._at, self._at + size), self._at
        if record.kind == RecordKind.LIVE:
            self.file_id = record.payload[:ID_BYTES]
        return record

    def _skip(self, count: int) -> None:
        self._at += count
        self.left_out += count
