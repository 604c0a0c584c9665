"""Spell the record that ends a file: how long each track is, and where its frames are.

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
from ..bits import read_varint, varint, varints
from ..parts import MAX_SAMPLES
from .limits import MAX_INDEX, MAX_PAYLOAD
from .records import CRC_BYTES, SYNC

SIZE_BYTES = 4


@dataclass(frozen=True)
class Entry:
    """Some records in a row: their bytes, and the base frames of each track in them."""

    size: int
    frames: tuple[int, ...]

    def __add__(self, after: Entry) -> Entry:
        frames = tuple(a + b for a, b in zip(self.frames, after.frames, strict=True))
        return Entry(self.size + after.size, frames)


@dataclass(frozen=True)
class Closing:
    """What the closing record says: per track the samples and frames, and the index."""

    samples: tuple[int | None, ...]
    frames: tuple[int, ...]
    entries: tuple[Entry, ...]


def encode(closing: Closing, sequence: int) -> bytes:
    """Return the payload of the closing record, which will have this sequence number."""
    entries = closing.entries
    body = _body(closing, entries)
    while len(entries) > MAX_INDEX or len(body) + SIZE_BYTES > MAX_PAYLOAD:
        entries = halved(entries)
        body = _body(closing, entries)
    length = len(body) + SIZE_BYTES
    around = len(SYNC) + 1 + len(varint(sequence)) + len(varint(length)) + CRC_BYTES
    return body + (around + length).to_bytes(SIZE_BYTES, "little")


def _body(closing: Closing, entries: Sequence[Entry]) -> bytes:
    parts = []
    for samples, frames in zip(closing.samples, closing.frames, strict=True):
        parts.append(varints((0 if samples is None else samples + 1, frames)))
    parts.append(varint(len(entries)))
    parts += [varints((entry.size, *entry.frames)) for entry in entries]
    return b"".join(parts)


def halved(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Join neighbours that hold frames two by two: half the index, twice the search."""
    out: list[Entry] = []
    alone = False
    for entry in entries:
        if alone and any(entry.frames) and any(out[-1].frames):
            out[-1] += entry
            alone = False
        else:
            out.append(entry)
            alone = True
    return tuple(out)


def decode(payload: bytes, tracks: int) -> Closing:
    """Read the payload; FormatError unless the index adds up to the tracks' frames."""
    at = 0
    samples: list[int | None] = []
    frames: list[int] = []
    for _ in range(tracks):
        known, at = read_varint(payload, at)
        count, at = read_varint(payload, at)
        if known > MAX_SAMPLES:
            raise FormatError(f"track {len(samples)} claims {known - 1} samples")
        samples.append(known - 1 if known else None)
        frames.append(count)
    entries, at = _entries(payload, at, tracks)
    if at + SIZE_BYTES != len(payload):
        raise FormatError("the closing record is longer than what it holds")
    for k in range(tracks):
        if sum(entry.frames[k] for entry in entries) != frames[k]:
            raise FormatError(f"the index does not add up to the {frames[k]} frames of track {k}")
    return Closing(tuple(samples), tuple(frames), entries)


def _entries(payload: bytes, at: int, tracks: int) -> tuple[tuple[Entry, ...], int]:
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
        entries.append(Entry(numbers[0], tuple(numbers[1:])))
    return tuple(entries), at
