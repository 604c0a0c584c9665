"""Encode the record at which a reader may join a live stream.

id          the file's id, which the checksums of records need
samples     samples + 1 of the source, once they are known; 0 before
frames      base frames that came before this record
header      the header's payload
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import FormatError
from ..spec_parts import MAX_SAMPLES
from ..varint import encode_varints, read_varint
from .records import ID_BYTES
from .track import Header


@dataclass(frozen=True)
class LiveRecord:
    """How far a stream has come, and all that its beginning said."""

    file_id: bytes
    samples: int | None
    frames: int
    header: Header

    def to_bytes(self) -> bytes:
        """Return the payload."""
        known = 0 if self.samples is None else self.samples + 1
        return self.file_id + encode_varints((known, self.frames)) + self.header.to_bytes()

    @classmethod
    def from_bytes(cls, payload: bytes) -> LiveRecord:
        """Read the payload; FormatError unless `to_bytes` could have written it."""
        known, at = read_varint(payload, ID_BYTES)
        frames, at = read_varint(payload, at)
        if known > MAX_SAMPLES + 1:
            raise FormatError(f"a live record claims {known - 1} samples, more than may be")
        header = Header.from_bytes(payload[at:])
        (track, *others) = header.tracks.values()
        if others or track.durations:
            raise FormatError("a live stream has one track, and no durations")
        return cls(payload[:ID_BYTES], known - 1 if known else None, frames, header)
