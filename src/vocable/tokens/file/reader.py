"""Read a token file record by record, as it comes through a pipe."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from ...binary_streams import Readable
from ...errors import FormatError
from ..spec_parts import Source
from ..values import AudioTokens
from . import short_chunk
from .contents import IncompleteWarning
from .record_validator import RecordValidator
from .records import PREAMBLE_BYTES, Record, RecordKind, read_preamble, read_record, read_up_to
from .track import Header


class TokenReader:
    """Give the tokens of a stream chunk by chunk, each as soon as it is complete.

        for track, tokens in TokenReader(sys.stdin.buffer):
            ...

    `tracks` is known at once; `complete` and `source` once the iteration has ended. A live stream
    (`live`) states its source before the last tokens. Raises
    FormatError at the first record that is not as written; warns if the stream ends without a
    trailer.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._id, header, self._offset = read_header(stream)
        self._validator = RecordValidator(header)
        self._short = short_chunk.codes_size_in(header)
        self.tracks = dict(header.tracks)

    def __iter__(self) -> Iterator[tuple[str, AudioTokens]]:
        validator = self._validator
        while (record := self._next()) is not None:
            self._offset += record.size
            if self.complete:
                raise FormatError(f"{record.size} bytes or more follow the trailer")
            if not validator.accept(record):
                continue
            if record.is_chunk:
                validator.advance(record)
                yield validator.track_name(record), validator.decode(record)
            else:
                validator.read_metadata(record)
        self._end()

    def _next(self) -> Record | None:
        return read_record(self._stream, self._id, self._offset, self._short)

    @property
    def live(self) -> bool:
        """Whether this is a live stream: until it states its source, all of a frame is sound."""
        return self._validator.live

    @property
    def complete(self) -> bool:
        """Whether the trailer has come."""
        return self._validator.trailer is not None

    def source(self, track: str = "") -> Source | None:
        """Return what was encoded, once a live record or the trailer says so."""
        return self._validator.source(track)

    def _end(self) -> None:
        trailer = self._validator.trailer
        if trailer is not None:
            self._validator.check_totals(trailer)
            return
        warnings.warn(
            IncompleteWarning("the tokens end without a trailer: the stream was broken off"),
            stacklevel=3,
        )


def read_header(stream: Readable) -> tuple[bytes, Header, int]:
    """Return the file's id, its header, and the byte at which its other records begin."""
    file_id = read_preamble(read_up_to(stream, PREAMBLE_BYTES))
    record = read_record(stream, file_id, PREAMBLE_BYTES)
    if record is None or record.kind != RecordKind.HEADER or record.sequence or record.track:
        raise FormatError("the file does not begin with a header; nothing of it can be read")
    return file_id, Header.from_bytes(record.payload), PREAMBLE_BYTES + record.size
