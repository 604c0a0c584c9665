"""Read a live stream that loses, doubles or swaps chunks, or that is joined late."""

from __future__ import annotations

from ...errors import FormatError
from ..spec import TokenSpec
from ..spec_parts import Source
from ..values import AudioTokens
from . import short_chunk
from .incoming import IncomingRecords
from .live_place import LivePlace
from .live_record import LiveRecord
from .record_validator import RecordValidator, chunk_header
from .records import Record, RecordKind
from .track import Header, Track


class LiveReader:
    """Take the bytes of a stream as they come, and give what tokens of it arrive.

        reader = LiveReader()
        for packet in socket:
            for start, tokens in reader.push(packet):
                ...                                 # frames before `start` that did not come: lost

    `start` counts frames from where the reader joined: the beginning, else the next live record,
    which comes every 5 s; with `track` given, the second whole chunk of one frame.

    track       what the stream holds; None until the stream says it
    late        chunks that were left out, since they came twice or after later ones

    `push` raises FormatError for what cannot be heard as one stream: several tracks, other tokens
    than before, sides that are lost.
    """

    def __init__(self, track: Track | None = None) -> None:
        self.track: Track | None = None
        self.late = 0
        self._records = IncomingRecords()
        self._validator: RecordValidator | None = None
        self._id: bytes | None = None
        self._place = LivePlace()
        if track is not None:
            self._start(Header({"": track}))

    @property
    def skipped(self) -> int:
        """Jumps of over a minute, which do not count as lost: the stream goes on behind them."""
        return self._place.skipped

    @property
    def frames(self) -> int:
        """Frames since the reader joined, those that are lost too."""
        return self._place.frames

    @property
    def missed(self) -> int:
        """Bytes of the stream before the reader could join."""
        return self._records.missed

    @property
    def damaged(self) -> int:
        """Bytes that were left out, being no whole record."""
        return self._records.left_out

    @property
    def live(self) -> bool:
        """Whether a live record has come: until it states the source, all of a frame is sound."""
        return self._validator is not None and self._validator.live

    @property
    def complete(self) -> bool:
        """Whether the trailer has come."""
        return self._validator is not None and self._validator.trailer is not None

    def push(self, data: bytes) -> list[tuple[int, AudioTokens]]:
        """Take the next bytes; return the tokens that they complete, each with its start."""
        self._records.push(data)
        found = []
        while (record := self._records.next()) is not None:
            tokens = self._take(record)
            if tokens is not None:
                found.append(tokens)
        return found

    def finish(self) -> None:
        """Say that no more comes; a record that was cut then counts as damaged."""
        self._records.finish()

    def source(self) -> Source | None:
        """Return what was encoded from where the reader joined, once the stream says so."""
        if self._validator is None or not self._place.known:
            return None
        ((name, state),) = self._validator.tracks.items()
        source = self._validator.source(name)
        if source is None:
            return None
        before = _samples(state.track, self._place.origin)
        return state.track.source(max(0, source.samples - before))

    def _take(self, record: Record) -> tuple[int, AudioTokens] | None:
        if record.kind == RecordKind.HEADER:
            self._begin(Header.from_bytes(record.payload), 0, self._records.file_id)
        elif record.kind == RecordKind.LIVE:
            self._join(record)
        elif self._validator is None or not self._validator.accept(record):
            return None
        elif record.is_chunk:
            return self._tokens(record)
        else:
            self._validator.read_metadata(record)
            trailer = self._validator.trailer
            if trailer is not None and self.track is not None:
                self._place.meet(trailer.frames[0], self.track)
        return None

    def _join(self, record: Record) -> None:
        found = LiveRecord.from_bytes(record.payload)
        self._begin(found.header, found.frames, found.file_id)
        assert self._validator is not None
        if self._validator.accept(record):
            self._validator.read_metadata(record)

    def _begin(self, header: Header, frames: int, file_id: bytes | None) -> None:
        """Take the header of a stream that is at this frame: a new one, or still the same."""
        if self._id != file_id:
            track = self._start(header)
            if self._id is None:
                self._place.meet(frames, track)
            else:
                self._place.restart(frames)
            self._id = file_id
        elif self.track is not None:
            self._place.meet(frames, self.track)

    def _start(self, header: Header) -> Track:
        (track, *others) = header.tracks.values()
        if others:
            names = ", ".join(map(repr, header.tracks))
            raise FormatError(f"the stream holds the tracks {names}; one track can be heard")
        if self.track is None or self._place.next is None:
            self.track = track
        elif _form(track) != _form(self.track):
            raise FormatError(
                f"the stream is {_described(track)}, not {_described(self.track)}; begin again "
                "with another reader"
            )
        self._validator = RecordValidator(header, lenient=True)
        self._records.short = short_chunk.codes_size(track)
        return track

    def _tokens(self, record: Record) -> tuple[int, AudioTokens] | None:
        track, place = self.track, self._place
        assert track is not None and self._validator is not None
        first = record.sequence * track.unit  # of a short chunk, where no other came before
        header = chunk_header(track, record, first if place.next is None else place.next)
        if place.next is not None and header.start < place.next:
            self.late += 1
            return None
        tokens = self._validator.decode(record)
        start = place.move_to(header.start, header.frames, track)
        return start, tokens


def _samples(track: Track, frames: int) -> int:
    """Return the samples of the source in so many frames, rounded down."""
    segment = track.spec.segment
    own = frames * track.spec.frame if segment is None else frames // track.unit * segment.hop
    return own * track.rate // track.spec.rate


def _form(track: Track) -> tuple[TokenSpec, int, int]:
    return track.spec, track.levels, track.streams


def _described(track: Track) -> str:
    return f"{track.streams} × {track.levels} levels of {track.spec.space}"
