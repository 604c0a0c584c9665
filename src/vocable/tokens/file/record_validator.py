"""Follow the records of a file in order, and check that each is where it belongs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...errors import FormatError
from ..coder.tables import NAME_BYTES, TableSet, shipped
from . import chunk
from .chunk import Chunk
from .closing import SIZE_BYTES, Closing, decode
from .records import CRITICAL, Damage, Kind, Record
from .track import Header, Track


@dataclass
class Row:
    """One track while it is read: its tables and item sides, and how far it has come."""

    track: Track
    tables: TableSet | None = None
    items: dict[str, np.ndarray] | None = None
    frames: int = 0
    ended: bool = False  # a chunk that ends inside a unit may only be followed by short segments


@dataclass
class Walk:
    """The state of reading: which record must come next, and what is known of each track.

    `lenient` takes records over gaps, for recovery; otherwise a record that is missing, doubled
    or out of order raises Damage.
    """

    header: Header
    lenient: bool = False
    sequence: int = 1
    size: int = 0  # bytes of the records that came
    closing: Closing | None = None
    rows: dict[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = {name: Row(track) for name, track in self.header.tracks.items()}
        self._listed = list(self.rows.values())

    def order(self, record: Record) -> bool:
        """Check the record's number and kind; False for one that is to be skipped."""
        if record.sequence != self.sequence and not self.lenient:
            raise Damage(
                f"record {self.sequence} is missing at byte {record.at}, "
                f"record {record.sequence} stands there"
            )
        if record.sequence < self.sequence:
            return False
        self.sequence = record.sequence + 1
        self.size += record.size
        if record.track >= len(self._listed):
            raise Damage(
                f"the record at byte {record.at} belongs to track {record.track}, which "
                "the header does not list"
            )
        if record.kind & CRITICAL and record.kind not in set(Kind):
            raise FormatError(
                f"the record at byte {record.at} has kind {record.kind:#04x}, which "
                "this version does not know and must not skip; install a newer "
                "vocable"
            )
        return bool(record.kind & CRITICAL)

    def note(self, record: Record) -> None:
        """Take in what is no chunk: tables, sides, the closing record."""
        row = self._listed[record.track]
        if record.kind == Kind.HEADER:
            raise Damage(f"a second header stands at byte {record.at}")
        if record.kind == Kind.TABLES:
            if row.tables is not None or row.frames:
                raise Damage(f"tables at byte {record.at} come twice, or after the first chunk")
            row.tables = _tables(row.track, record.payload)
        elif record.kind == Kind.SIDES:
            if row.items is not None or row.frames:
                raise Damage(f"sides at byte {record.at} come twice, or after the first chunk")
            row.items = _items(row.track, record.payload)
        elif record.kind == Kind.CLOSING:
            self.closing = self._closed(record)

    def _closed(self, record: Record) -> Closing:
        found = decode(record.payload, len(self._listed))
        size = int.from_bytes(record.payload[-SIZE_BYTES:], "little")
        if record.track or size != record.size:
            raise Damage(
                f"the closing record says {size} bytes in track {record.track}; it has "
                f"{record.size}, and belongs to none"
            )
        covered = sum(entry.size for entry in found.entries)
        if covered != self.size - record.size and not self.lenient:
            raise Damage(f"the index covers {covered} bytes, {self.size - record.size} came")
        return found

    def place(self, record: Record) -> chunk.Shape:
        """Check where a chunk stands in its track, without decoding it, and move on past it."""
        row = self._listed[record.track]
        shape = chunk.read_shape(row.track, record.payload)
        if shape.start < row.frames or (shape.start > row.frames and not self.lenient):
            raise Damage(
                f"the chunk at byte {record.at} begins at frame {shape.start}, not {row.frames}"
            )
        if row.ended and (row.track.spec.segment is None or shape.segments > 1):
            raise Damage(f"the chunk at byte {record.at} follows one that ended its track")
        row.frames = shape.start + shape.frames
        row.ended = row.ended or (not row.track.durations and shape.frames % row.track.unit > 0)
        return shape

    def tokens(self, record: Record) -> Chunk:
        """Decode a chunk."""
        row = self._listed[record.track]
        if row.items is None and any(s.per == "item" for s in row.track.spec.sides):
            raise Damage(f"the chunk at byte {record.at} comes before the sides of its track")
        tables = row.tables
        if tables is None and self.lenient:  # their record may be what is lost
            tables = row.track.shipped_tables
        return chunk.decode(row.track, record.payload, tables, row.items or {})

    def name(self, record: Record) -> str:
        """Return the name of the record's track."""
        return list(self.rows)[record.track]


def _tables(track: Track, payload: bytes) -> TableSet:
    if payload[:1] == b"\1":
        return TableSet.from_bytes(payload[1:], track.sizes)
    if payload[:1] != b"\0" or len(payload) != 1 + NAME_BYTES:
        raise FormatError(
            f"tables must be embedded, or named by {NAME_BYTES} bytes, got {len(payload)} bytes"
        )
    sizes = tuple(level.size for level in track.spec.levels)
    return shipped(payload[1:], sizes).first(track.levels)


def _items(track: Track, payload: bytes) -> dict[str, np.ndarray]:
    items, at = {}, 0
    for side in track.spec.sides:
        if side.per == "item":
            items[side.name], at = chunk.read_raw(side, payload, at, (track.streams,))
    if at != len(payload) or not items:
        raise FormatError(f"sides end after {at} bytes, got {len(payload)}")
    return items
