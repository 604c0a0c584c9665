"""Frame bytes as records in which every change is noticed.

A file is a preamble and records. Preamble: the 4 bytes `\\x89vcb`, the version, and 4 bytes, the
file's id, which are random or follow from its content (`stamp`). Record: sync word, kind, track if
it is not the first, sequence number, payload length, payload, CRC-32 over the id and all of the
record before it. The id ties a record to its file, the sequence number to its position in it. A
live stream has short chunks, too (short_chunk.py).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum

from ...binary_streams import Readable
from ...errors import FormatError
from ..varint import MAX_VARINT_BYTES, encode_varint, read_varint
from . import short_chunk
from .limits import MAX_HEADER, MAX_PAYLOAD

MAGIC = b"\x89vcb"
VERSION = 2  # version 1 was never released
ID_BYTES = 4
PREAMBLE_BYTES = len(MAGIC) + 1 + ID_BYTES
SYNC = b"\xa5\x5a"
CRC_BYTES = 4
CRITICAL = 0x80  # bit of a kind: a reader must understand it
NUMBERED = 0x40  # bit of a kind in the file: the number of a track other than the first follows


class RecordKind(IntEnum):
    """What a record holds; the high bit marks what a reader must understand."""

    HEADER = 0x81
    TABLES = 0x82
    SIDES = 0x83
    CHUNK = 0x84
    TRAILER = 0x85
    LIVE = 0x86
    MODEL = 0x87
    SHORT = 0x00  # a chunk of a live stream, which has its own framing and no kind in the file


class NotATokenFile(FormatError):
    """It does not begin as token files do: it is something else, or begins in the middle."""


class DamagedRecord(FormatError):
    """A record is not what was written."""


class Truncated(FormatError):
    """The file ends inside a record."""


@dataclass(frozen=True)
class Record:
    """One record: the byte at which it begins, how many bytes it takes, and what it holds.

    sequence    of a short chunk its number, modulo 128
    """

    offset: int
    size: int
    kind: int
    track: int
    sequence: int
    payload: bytes

    @property
    def is_chunk(self) -> bool:
        """Whether it holds frames."""
        return self.kind in (RecordKind.CHUNK, RecordKind.SHORT)


def preamble(file_id: bytes) -> bytes:
    """Return the first bytes of a file."""
    return MAGIC + bytes([VERSION]) + file_id


def read_preamble(data: bytes) -> bytes:
    """Return the file's id; FormatError for what is not a token file, or one of another version."""
    if not data:
        raise FormatError("the file is empty")
    if data[: len(MAGIC)] != MAGIC:
        raise NotATokenFile("this is not a token file: it does not begin with \\x89vcb")
    if len(data) < PREAMBLE_BYTES:
        raise FormatError("the file ends inside its first record; nothing of it can be read")
    version = data[len(MAGIC)]
    if version < VERSION:
        raise FormatError(
            f"the file has version {version}, from before the first release; encode the recording "
            "again"
        )
    if version > VERSION:
        raise FormatError(
            f"the file has version {version}, this vocable reads {VERSION}; install a newer vocable"
        )
    return data[len(MAGIC) + 1 : PREAMBLE_BYTES]


def encode_record(file_id: bytes, kind: int, track: int, sequence: int, payload: bytes) -> bytes:
    """Return the bytes of a record."""
    limit = _max_payload(kind)
    if len(payload) > limit:
        raise FormatError(
            f"a record of kind {kind:#04x} must be at most {limit} bytes, got {len(payload)}"
        )
    kind_and_track = bytes([kind | NUMBERED, track]) if track else bytes([kind])
    head = SYNC + kind_and_track + encode_varint(sequence) + encode_varint(len(payload))
    body = head + payload
    return body + checksum(file_id, body)


def read_record(stream: Readable, file_id: bytes, offset: int, short: int = 0) -> Record | None:
    """Read the record that begins here, at byte `offset` of the file; None at the end.

    short: bytes of codes in a short chunk; 0 where there are none. Raises DamagedRecord if it is
    not what was written, Truncated if the file ends inside it.
    """
    head = read_up_to(stream, 1)
    if not head:
        return None
    if short and head[0] < short_chunk.NUMBERS:
        return _read_short(stream, head, offset, short)
    head, kind, track = _read_head(stream, head, offset)
    (sequence, sequence_bytes), (length, length_bytes) = (
        _read_number(stream, offset) for _ in range(2)
    )
    if length > _max_payload(kind):
        raise DamagedRecord(
            f"the record at byte {offset} claims {length} bytes, more than {_max_payload(kind)}"
        )
    payload_and_crc = _read_exactly(stream, length + CRC_BYTES, offset)
    payload, crc = payload_and_crc[:-CRC_BYTES], payload_and_crc[-CRC_BYTES:]
    body = head + sequence_bytes + length_bytes + payload
    if checksum(file_id, body) != crc:
        raise DamagedRecord(f"checksum mismatch in the record at byte {offset}")
    if kind == RecordKind.LIVE and payload[:ID_BYTES] != file_id:
        raise DamagedRecord(f"the live record at byte {offset} is of another stream")
    return Record(offset, len(body) + CRC_BYTES, kind, track, sequence, payload)


def _read_head(stream: Readable, head: bytes, offset: int) -> tuple[bytes, int, int]:
    """Return what comes before a record's numbers, whose first byte is read: it, kind, track."""
    head += read_up_to(stream, len(SYNC))
    if len(head) <= len(SYNC):
        raise _truncated(offset)
    if head[: len(SYNC)] != SYNC:
        raise DamagedRecord(f"no record begins at byte {offset}")
    kind = head[-1] & ~NUMBERED
    if not head[-1] & NUMBERED:
        return head, kind, 0
    head += _read_exactly(stream, 1, offset)
    if head[-1] == 0:
        raise DamagedRecord(
            f"the record at byte {offset} numbers the first track, which has no number"
        )
    return head, kind, head[-1]


def _read_short(stream: Readable, head: bytes, offset: int, codes: int) -> Record:
    data = head + _read_exactly(stream, short_chunk.size_of(codes) - 1, offset)
    if not short_chunk.holds(data):
        raise DamagedRecord(f"checksum mismatch in the short chunk at byte {offset}")
    return Record(offset, len(data), RecordKind.SHORT, 0, data[0], data[1 : 1 + codes])


def read_up_to(stream: Readable, count: int) -> bytes:
    """Read `count` bytes, however small the pieces that a pipe gives; fewer only at the end."""
    data = stream.read(count)
    while 0 < len(data) < count:
        more = stream.read(count - len(data))
        if not more:
            break
        data += more
    return data


def _read_exactly(stream: Readable, count: int, offset: int) -> bytes:
    data = read_up_to(stream, count)
    if len(data) < count:
        raise _truncated(offset)
    return data


def _read_number(stream: Readable, offset: int) -> tuple[int, bytes]:
    """Return a varint and its bytes."""
    data = b""
    while len(data) < MAX_VARINT_BYTES:
        data += _read_exactly(stream, 1, offset)
        if data[-1] < 0x80:
            break
    try:
        return read_varint(data, 0)[0], data
    except FormatError as error:
        raise DamagedRecord(f"the record at byte {offset}: {error}") from None


def _truncated(offset: int) -> Truncated:
    return Truncated(f"the file ends inside the record at byte {offset}")


def _max_payload(kind: int) -> int:
    return MAX_HEADER if kind == RecordKind.HEADER else MAX_PAYLOAD


def checksum(file_id: bytes, body: bytes) -> bytes:
    """Return what a record ends with: the CRC-32 of the file's id and of all of it before."""
    return zlib.crc32(body, zlib.crc32(file_id)).to_bytes(CRC_BYTES, "little")
