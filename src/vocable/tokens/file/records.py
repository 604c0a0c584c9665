"""Frame bytes as records that notice every change.

A file is a preamble and records. Preamble: the 4 bytes `\\x89vcb`, the version, and 4 random bytes,
the file's id. Record: sync word, kind, track if it is not the first, sequence number, payload
length, payload, CRC-32 over the id and all of the record before it. The id ties a record to its
file, the sequence number to its place.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum

from ...errors import FormatError
from ..bits import MAX_BYTES, read_varint, varint
from .limits import MAX_HEADER, MAX_PAYLOAD
from .streams import Bytes, Readable

MAGIC = b"\x89vcb"
VERSION = 2  # 1 stood in no release
ID_BYTES = 4
PREAMBLE_BYTES = len(MAGIC) + 1 + ID_BYTES
SYNC = b"\xa5\x5a"
CRC_BYTES = 4
CRITICAL = 0x80  # bit of a kind: a reader must understand it
NUMBERED = 0x40  # bit of a kind as spelled: the number of a track other than the first follows


class Kind(IntEnum):
    """What a record holds; the high bit marks what a reader must understand."""

    HEADER = 0x81
    TABLES = 0x82
    SIDES = 0x83
    CHUNK = 0x84
    CLOSING = 0x85


class Damage(FormatError):
    """A record is not what was written."""


class Cut(FormatError):
    """The file ends inside a record."""


@dataclass(frozen=True)
class Record:
    """One record: where it begins, how many bytes it takes, and what it holds."""

    at: int
    size: int
    kind: int
    track: int
    sequence: int
    payload: bytes


def preamble(file_id: bytes) -> bytes:
    """Return the first bytes of a file."""
    return MAGIC + bytes([VERSION]) + file_id


def read_preamble(data: bytes) -> bytes:
    """Return the file's id; FormatError for what is no token file, or a newer one."""
    if not data:
        raise FormatError("the file is empty")
    if data[: len(MAGIC)] != MAGIC:
        raise FormatError("this is no token file: it does not begin with \\x89vcb")
    if len(data) < PREAMBLE_BYTES:
        raise FormatError("the file ends inside its first record; nothing of it can be read")
    version = data[len(MAGIC)]
    if version < VERSION:
        raise FormatError(
            f"the file has version {version}, from before the first release; encode "
            "the recording again"
        )
    if version > VERSION:
        raise FormatError(
            f"the file has version {version}, this vocable reads {VERSION}; install a newer vocable"
        )
    return data[len(MAGIC) + 1 : PREAMBLE_BYTES]


def record(file_id: bytes, kind: int, track: int, sequence: int, payload: bytes) -> bytes:
    """Return the bytes of a record."""
    limit = MAX_HEADER if kind == Kind.HEADER else MAX_PAYLOAD
    if len(payload) > limit:
        raise FormatError(
            f"a record of kind {kind:#04x} must be at most {limit} bytes, got {len(payload)}"
        )
    place = bytes([kind | NUMBERED, track]) if track else bytes([kind])
    body = SYNC + place + varint(sequence) + varint(len(payload)) + payload
    return body + _crc(file_id, body)


def _crc(file_id: bytes, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(file_id)).to_bytes(CRC_BYTES, "little")


def read_record(stream: Readable, file_id: bytes, at: int) -> Record | None:
    """Read the record that begins here, at byte `at` of the file; None at the end.

    Raises Damage if it is not what was written, Cut if the file ends inside it.
    """
    head = exactly(stream, len(SYNC) + 1, at, optional=True)
    if not head:
        return None
    if head[: len(SYNC)] != SYNC:
        raise Damage(f"no record begins at byte {at}")
    kind, track = head[-1] & ~NUMBERED, 0
    if head[-1] & NUMBERED:
        head += exactly(stream, 1, at)
        track = head[-1]
        if track == 0:
            raise Damage(f"the record at byte {at} numbers the first track, which has no number")
    numbers = [_number(stream, at), _number(stream, at)]
    (sequence, _), (length, _) = (_parsed(spelling, at) for spelling in numbers)
    if length > (MAX_HEADER if kind == Kind.HEADER else MAX_PAYLOAD):
        raise Damage(f"the record at byte {at} claims {length} bytes, more than may be")
    rest = exactly(stream, length + CRC_BYTES, at)
    body = head + b"".join(numbers) + rest[:-CRC_BYTES]
    if _crc(file_id, body) != rest[-CRC_BYTES:]:
        raise Damage(f"checksum mismatch in the record at byte {at}")
    size = len(body) + CRC_BYTES
    return Record(at, size, kind, track, sequence, rest[:-CRC_BYTES])


def _parsed(spelling: bytes, at: int) -> tuple[int, int]:
    try:
        return read_varint(spelling, 0)
    except FormatError as error:
        raise Damage(f"the record at byte {at}: {error}") from None


def _number(stream: Readable, at: int) -> bytes:
    spelling = b""
    while len(spelling) < MAX_BYTES:
        spelling += exactly(stream, 1, at)
        if spelling[-1] < 0x80:
            break
    return spelling


def exactly(
    stream: Readable, count: int, at: int, optional: bool = False, short: bool = False
) -> bytes:
    """Read `count` bytes, however small the pieces that a pipe gives; Cut if it ends before.

    optional: nothing at all is fine. short: any number of bytes is fine.
    """
    data = stream.read(count)
    while 0 < len(data) < count:
        more = stream.read(count - len(data))
        if not more:
            break
        data += more
    if len(data) < count and not short and (data or not optional):
        raise Cut(f"the file ends inside the record at byte {at}")
    return data


class View:
    """Read bytes in order from a place on, as a file does."""

    def __init__(self, data: Bytes, at: int) -> None:
        self.data, self.at = data, at

    def read(self, count: int = -1, /) -> bytes:
        piece = bytes(self.data[self.at : self.at + count])
        self.at += len(piece)
        return piece


class Finder:
    """Find whole records in bytes that may be damaged anywhere.

    A hostile file can hold many false beginnings, each with a long payload to check; after checking
    64 times as many bytes in vain as there are, nothing more is found.
    """

    def __init__(self, data: Bytes, file_id: bytes) -> None:
        self._data, self._id = data, file_id
        self._budget = 64 * len(data) + MAX_PAYLOAD

    def find(self, start: int) -> Record | None:
        """Return the first whole record at `start` or later; None if there is none."""
        at = self._data.find(SYNC, start)
        while at >= 0 and self._budget > 0:
            view = View(self._data, at)
            try:
                return read_record(view, self._id, at)
            except FormatError:
                self._budget -= view.at - at
            at = self._data.find(SYNC, at + 1)
        return None
