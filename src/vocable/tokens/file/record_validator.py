"""Follow the records of a file in order, and check that each is where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from ...errors import FormatError
from ..coder.tables import NAME_BYTES, TableSet
from ..spec_parts import Source
from ..values import AudioTokens
from . import chunk, short_chunk
from .chunk import ChunkHeader
from .coding_model import ModelName
from .live_record import LiveRecord
from .records import CRITICAL, DamagedRecord, Record, RecordKind
from .track import Header, Track
from .track_state import TrackState
from .trailer import SIZE_BYTES, Trailer, decode_trailer

_KINDS = frozenset(RecordKind)


@dataclass
class RecordValidator:
    """Which record must come next, and what is known of each track.

    `lenient` takes records after gaps, for recovery; otherwise a record that is missing, doubled
    or out of order raises DamagedRecord.
    """

    header: Header
    lenient: bool = False
    next_sequence: int = 1
    size: int = 0  # bytes of the records so far
    trailer: Trailer | None = None
    live: bool = False  # whether a live record has come
    tracks: dict[str, TrackState] = field(init=False)

    def __post_init__(self) -> None:
        self.tracks = {name: TrackState(track) for name, track in self.header.tracks.items()}
        self._names = list(self.tracks)
        self._states = list(self.tracks.values())

    @property
    def seconds(self) -> Fraction:
        """How far reading has come in the track that is furthest."""
        return max(state.track.spec.seconds(state.frames) for state in self._states)

    def accept(self, record: Record) -> bool:
        """Check the record's number, track and kind; False for one that is to be skipped."""
        if record.kind == RecordKind.SHORT:
            self.size += record.size
            if not self.live and not self.lenient:
                raise DamagedRecord(
                    f"a short chunk comes at byte {record.offset}, before a live record"
                )
            return True
        if record.sequence != self.next_sequence and not self.lenient:
            raise DamagedRecord(
                f"record {self.next_sequence} is missing: "
                f"at byte {record.offset} comes record {record.sequence}"
            )
        if record.sequence < self.next_sequence:
            return False
        self.next_sequence = record.sequence + 1
        self.size += record.size
        if record.track >= len(self._states):
            raise DamagedRecord(
                f"the record at byte {record.offset} belongs to track {record.track}, which "
                "the header does not list"
            )
        if record.kind & CRITICAL and record.kind not in _KINDS:
            raise FormatError(
                f"the record at byte {record.offset} has kind {record.kind:#04x}, which "
                "this version does not know and must not skip; install a newer vocable"
            )
        return bool(record.kind & CRITICAL)

    def track_name(self, record: Record) -> str:
        """Return the name of the record's track."""
        return self._names[record.track]

    def track_state(self, record: Record) -> TrackState:
        """Return what is known of the record's track."""
        return self._states[record.track]

    def read_metadata(self, record: Record) -> None:
        """Take in a record that is not a chunk: tables, a model, sides, live, the trailer."""
        state = self.track_state(record)
        if record.kind == RecordKind.HEADER:
            raise DamagedRecord(f"a second header comes at byte {record.offset}")
        if record.kind == RecordKind.TABLES:
            if state.tables is not None or state.frames:
                raise _misplaced("tables", record)
            state.tables = _decode_tables(state.track, record.payload)
        elif record.kind == RecordKind.MODEL:
            if state.model is not None or state.frames:
                raise _misplaced("models", record)
            state.model = ModelName.from_bytes(record.payload)
        elif record.kind == RecordKind.SIDES:
            if state.item_sides is not None or state.frames:
                raise _misplaced("sides", record)
            state.item_sides = _decode_item_sides(state.track, record.payload)
        elif record.kind == RecordKind.LIVE:
            self._read_live(record, state)
        elif record.kind == RecordKind.TRAILER:
            self.trailer = self._decode_trailer(record)

    def _read_live(self, record: Record, state: TrackState) -> None:
        found = LiveRecord.from_bytes(record.payload)
        if found.header != self.header or record.track:
            raise DamagedRecord(f"the live record at byte {record.offset} has another header")
        if not self.lenient:
            if found.frames != state.frames:
                raise DamagedRecord(
                    f"the live record at byte {record.offset} counts {found.frames} frames, "
                    f"{state.frames} came"
                )
            if state.samples not in (None, found.samples):
                raise DamagedRecord(
                    f"the live record at byte {record.offset} states other samples than before"
                )
            if state.frames and not self.live:
                raise _misplaced("live records", record)
        self.live, state.samples, state.live_frames = True, found.samples, found.frames

    def _decode_trailer(self, record: Record) -> Trailer:
        trailer = decode_trailer(record.payload, len(self._states))
        size = int.from_bytes(record.payload[-SIZE_BYTES:], "little")
        if record.track or size != record.size:
            raise DamagedRecord(
                f"the trailer says {size} bytes in track {record.track}; it has "
                f"{record.size}, and belongs to no track"
            )
        covered = sum(entry.size for entry in trailer.entries)
        if covered != self.size - record.size and not self.lenient:
            raise DamagedRecord(f"the index covers {covered} bytes, {self.size - record.size} came")
        return trailer

    def advance(self, record: Record) -> ChunkHeader:
        """Check at which frame a chunk begins, without decoding it, and move on past it."""
        state = self.track_state(record)
        expected = max(state.frames, state.live_frames)
        header = chunk_header(state.track, record, expected)
        if header.start < state.frames or (header.start > state.frames and not self.lenient):
            raise DamagedRecord(
                f"the chunk at byte {record.offset} begins at frame {header.start}, "
                f"not {state.frames}"
            )
        if state.ended and (state.track.spec.segment is None or header.segments > 1):
            raise DamagedRecord(
                f"the chunk at byte {record.offset} follows one that ended its track"
            )
        state.frames = header.start + header.frames
        inside_unit = not state.track.durations and header.frames % state.track.unit > 0
        state.ended = state.ended or inside_unit
        return header

    def decode(self, record: Record) -> AudioTokens:
        """Return the tokens of a chunk."""
        return self.track_state(record).decode([record], lenient=self.lenient)[0]

    def source(self, name: str) -> Source | None:
        """Return the source of a track from the trailer; None while it is not known.

        A live record may state it before.
        """
        samples = self.tracks[name].samples
        if self.trailer is not None:
            samples = self.trailer.samples[self._names.index(name)]
        return None if samples is None else self.tracks[name].track.source(samples)

    def check_totals(self, trailer: Trailer) -> None:
        """Check that the trailer counts the frames that came, and that they fit its samples."""
        for (name, state), frames in zip(self.tracks.items(), trailer.frames, strict=True):
            if state.frames != frames:
                raise FormatError(f"the trailer counts {frames} frames, {state.frames} came")
            source = self.source(name)
            if state.samples is not None and (source is None or source.samples != state.samples):
                raise FormatError("the trailer states other samples than a live record")
            if source is not None and not state.track.matches(source.samples, frames):
                raise FormatError(
                    f"{source.samples} samples at {source.rate} Hz are not {frames} "
                    f"frames of {state.track.spec.name}"
                )


def chunk_header(track: Track, record: Record, expected: int) -> ChunkHeader:
    """Return what a chunk says of itself, where one that begins at frame `expected` should come."""
    if record.kind != RecordKind.SHORT:
        return chunk.read_header(track, record.payload)
    start = short_chunk.start_of(track, record.sequence, expected)
    counts = short_chunk.counts(track)
    return ChunkHeader(chunk.PACKED, start, track.unit, counts, 1, None, 0)


def _misplaced(what: str, record: Record) -> DamagedRecord:
    return DamagedRecord(f"{what} at byte {record.offset} come twice, or after the first chunk")


def _decode_tables(track: Track, payload: bytes) -> TableSet | bytes:
    if payload[:1] == b"\1":
        return TableSet.from_bytes(payload[1:], track.sizes)
    if payload[:1] != b"\0" or len(payload) != 1 + NAME_BYTES:
        raise FormatError(
            f"tables must be embedded, or named by {NAME_BYTES} bytes, got {len(payload)} bytes"
        )
    return payload[1:]


def _decode_item_sides(track: Track, payload: bytes) -> dict[str, np.ndarray]:
    sides, at = {}, 0
    for side in track.spec.item_sides:
        sides[side.name], at = chunk.decode_side(side, payload, at, (track.streams,))
    if at != len(payload) or not sides:
        raise FormatError(f"sides end after {at} bytes, got {len(payload)}")
    return sides
