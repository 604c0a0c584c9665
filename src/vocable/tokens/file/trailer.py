"""Encode the record that ends a file: how long each track is, and where its frames are.

per track       samples + 1 of the source (0: not known), base frames
index           number of entries; each: bytes, then base frames of every track in these bytes
size            bytes of this whole record, in 4 bytes, so that it can be found from the end

An entry covers one or more whole records, and all entries together cover every record between the
header and this one. Records without frames (tables, sides) have entries of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import FormatError
from ..spec_parts import MAX_SAMPLES
from ..varint import encode_varint, encode_varints, read_varint
from .limits import MAX_INDEX, MAX_PAYLOAD
from .records import CRC_BYTES, SYNC

SIZE_BYTES = 4


@dataclass(frozen=True)
class IndexEntry:
    """Some records in a row: their bytes, and the base frames of each track in them."""

    size: int
    frames: tuple[int, ...]

    def __add__(self, after: IndexEntry) -> IndexEntry:
        frames = tuple(a + b for a, b in zip(self.frames, after.frames, strict=True))
        return IndexEntry(self.size + after.size, frames)


@dataclass(frozen=True)
class Trailer:
    """What the last record says: per track the samples and frames, and the index."""

    samples: tuple[int | None, ...]
    frames: tuple[int, ...]
    entries: tuple[IndexEntry, ...]


def encode_trailer(trailer: Trailer, sequence: int) -> bytes:
    """Return the payload of the trailer, whose record will have this sequence number."""
    entries = trailer.entries
    body = _encode_body(trailer, entries)
    while len(entries) > MAX_INDEX or len(body) + SIZE_BYTES > MAX_PAYLOAD:
        entries = merge_pairs(entries)
        body = _encode_body(trailer, entries)
    length = len(body) + SIZE_BYTES
    numbers = len(encode_varint(sequence)) + len(encode_varint(length))
    record_size = len(SYNC) + 1 + numbers + length + CRC_BYTES
    return body + record_size.to_bytes(SIZE_BYTES, "little")


def _encode_body(trailer: Trailer, entries: Sequence[IndexEntry]) -> bytes:
    parts = []
    for samples, frames in zip(trailer.samples, trailer.frames, strict=True):
        parts.append(encode_varints((0 if samples is None else samples + 1, frames)))
    parts.append(encode_varint(len(entries)))
    parts += [encode_varints((entry.size, *entry.frames)) for entry in entries]
    return b"".join(parts)


def merge_pairs(entries: Sequence[IndexEntry]) -> tuple[IndexEntry, ...]:
    """Merge neighbours that hold frames two by two: half the index, twice as much to search."""
    merged: list[IndexEntry] = []
    single = False  # whether the last entry has not been merged yet
    for entry in entries:
        if single and any(entry.frames) and any(merged[-1].frames):
            merged[-1] += entry
            single = False
        else:
            merged.append(entry)
            single = True
    return tuple(merged)


def decode_trailer(payload: bytes, tracks: int) -> Trailer:
    """Read the payload; FormatError unless the index adds up to the tracks' frames."""
    at = 0
    samples: list[int | None] = []
    frames: list[int] = []
    for _ in range(tracks):
        samples_plus_1, at = read_varint(payload, at)
        count, at = read_varint(payload, at)
        if samples_plus_1 > MAX_SAMPLES + 1:
            raise FormatError(
                f"track {len(samples)} claims {samples_plus_1 - 1} samples, more than may be"
            )
        samples.append(samples_plus_1 - 1 if samples_plus_1 else None)
        frames.append(count)
    entries, at = _decode_entries(payload, at, tracks)
    if at + SIZE_BYTES != len(payload):
        raise FormatError("the trailer is longer than what it holds")
    for k in range(tracks):
        if sum(entry.frames[k] for entry in entries) != frames[k]:
            raise FormatError(f"the index does not add up to the {frames[k]} frames of track {k}")
    return Trailer(tuple(samples), tuple(frames), entries)


def _decode_entries(payload: bytes, at: int, tracks: int) -> tuple[tuple[IndexEntry, ...], int]:
    count, at = read_varint(payload, at)
    if count > MAX_INDEX:
        raise FormatError(f"the index claims {count} entries, more than {MAX_INDEX}")
    entries = []
    for _ in range(count):
        numbers = []
        for _ in range(1 + tracks):
            value, at = read_varint(payload, at)
            numbers.append(value)
        if numbers[0] == 0:
            raise FormatError("the index has an entry of 0 bytes")
        entries.append(IndexEntry(numbers[0], tuple(numbers[1:])))
    return tuple(entries), at
