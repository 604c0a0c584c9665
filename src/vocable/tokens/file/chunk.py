"""Spell a stretch of tokens as the payload of one record that decodes alone.

start                   where it begins, in base frames
count, form             4 · count + form, where count is the tokens of the finest level (with
                        segments: their number). Form 0: all levels packed. 1: levels with a table
                        coded, the others packed
segments                if the spec has them: the frames of each
durations               if the track has them: bits of each, then duration - 1 packed in that many
sides                   those per segment, raw and little-endian, in the spec's order
packed                  the packed levels, one after the other
coded                   if form is 1: the coded levels, in as many lanes as suit their symbols
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

import numpy as np

from ...errors import FormatError, TokenError
from ..bits import read_varint, varint, varints
from ..coder.pack import pack, packed_bits, unpack
from ..coder.rans import Decoder, Encoder, lanes_for
from ..coder.tables import TableSet
from ..parts import Side
from ..values import AudioTokens
from .limits import MAX_FRAMES, MAX_SYMBOLS, SYMBOLS_PER_BYTE
from .track import Track

PACKED, CODED = 0, 1
FORMS = 4  # with room for two more


@dataclass(frozen=True)
class Chunk:
    """A stretch of tokens and the base frame at which it begins in its track."""

    start: int
    tokens: AudioTokens


def encode(track: Track, start: int, tokens: AudioTokens, tables: TableSet | None) -> bytes:
    """Return the payload of a chunk, in the smaller of its two forms."""
    rows = [codes.reshape(-1) for codes in tokens.stacks]
    packed, coded = pack(rows, track.sizes), _coded(track, rows, tables)
    if coded is not None and len(coded) <= len(packed):
        payload = varint(start) + _shape(track, tokens, CODED) + coded
        if _allowed(rows, payload):
            return payload
    return varint(start) + _shape(track, tokens, PACKED) + packed


def _allowed(rows: Sequence[np.ndarray], payload: bytes) -> bool:
    return sum(map(len, rows)) <= SYMBOLS_PER_BYTE * len(payload)


def _shape(track: Track, tokens: AudioTokens, form: int) -> bytes:
    """Return all that stands between the start and the codes."""
    sides = b"".join(raw(tokens.sides[s.name]) for s in track.spec.sides if s.per == "segment")
    if track.spec.segment is not None:
        return varint(FORMS * len(tokens.segments) + form) + varints(tokens.segments) + sides
    if tokens.durations is None:
        return varint(FORMS * tokens.frames + form) + sides
    count = len(tokens.durations)
    width = int(tokens.durations.max() - 1).bit_length() if count else 0
    packed = pack([tokens.durations - 1], [1 << width]) if width else b""
    return varint(FORMS * count + form) + bytes([width]) + packed + sides


def raw(values: np.ndarray) -> bytes:
    """Return the bytes of numbers, little-endian."""
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def _coded(track: Track, rows: Sequence[np.ndarray], tables: TableSet | None) -> bytes | None:
    """Return form 1, or None where it cannot be smaller than form 0."""
    if tables is None:
        return None
    paired = list(zip(rows, track.sizes, tables.tables, strict=True))
    saved = sum(packed_bits(n, len(r)) - t.bits(r) for r, n, t in paired if t is not None)
    if saved <= 0:
        return None
    count = sum(len(row) for row, _, table in paired if table is not None)
    coder = Encoder(lanes_for(count))
    for row, _, table in paired:
        if table is not None:
            coder.push(row, table)
    rest = [(row, size) for row, size, table in paired if table is None]
    packed = pack([row for row, _ in rest], [size for _, size in rest])
    return packed + coder.finish()


@dataclass(frozen=True)
class Shape:
    """What a chunk says of itself before its codes; `end` is where that ends in the payload."""

    form: int
    start: int
    frames: int
    counts: list[int]  # tokens of each level, in one stream
    segments: int
    durations: np.ndarray | None
    end: int


def decode(
    track: Track, payload: bytes, tables: TableSet | None, items: dict[str, np.ndarray]
) -> Chunk:
    """Return the tokens of a payload; FormatError unless `encode` could have written it."""
    shape = read_shape(track, payload)
    symbols = track.streams * sum(shape.counts)
    if symbols > MAX_SYMBOLS or symbols > SYMBOLS_PER_BYTE * len(payload):
        raise FormatError(
            f"a chunk of {len(payload)} bytes claims {symbols} codes, more than may be"
        )
    sides, at = _read_sides(track, payload, shape)
    counts = [track.streams * n for n in shape.counts]
    rows = _read_rows(track, shape.form, payload[at:], counts, tables)
    stacks = tuple(row.reshape(track.streams, -1) for row in rows)
    try:
        tokens = AudioTokens(track.spec, stacks, items | sides, shape.durations)
    except TokenError as error:
        raise FormatError(str(error)) from error
    if tokens.frames != shape.frames:
        raise FormatError(f"a chunk counts {shape.frames} frames, its tokens hold {tokens.frames}")
    return Chunk(shape.start, tokens)


def read_shape(track: Track, payload: bytes) -> Shape:
    """Return a chunk's place and size; the codes are not looked at."""
    start, at = read_varint(payload, 0)
    number, at = read_varint(payload, at)
    count, form = divmod(number, FORMS)
    if not 1 <= count <= MAX_FRAMES:
        raise FormatError(f"a chunk must hold 1 to {MAX_FRAMES} frames, got {count}")
    strides = [level.stride for level in track.spec.levels[: track.levels]]
    if track.spec.segment is not None:
        sizes, at = _read_segments(track, payload, at, count)
        counts = [sum(-(-n // stride) for n in sizes) for stride in strides]
        return Shape(form, start, sum(sizes), counts, count, None, at)
    counts = [-(-count // stride) for stride in strides]
    if not track.durations:
        return Shape(form, start, count, counts, 1, None, at)
    durations, at = _read_durations(payload, at, count)
    return Shape(form, start, int(durations.sum()), counts, 1, durations, at)


def _read_segments(track: Track, payload: bytes, at: int, count: int) -> tuple[list[int], int]:
    sizes = []
    for _ in range(count):
        frames, at = read_varint(payload, at)
        sizes.append(frames)
    _check_segments(track, sizes)
    return sizes, at


def _check_segments(track: Track, sizes: Sequence[int]) -> None:
    whole = track.spec.segment_frames
    short = any(n != whole for n in sizes[:-1]) or not all(1 <= n <= whole for n in sizes)
    if short or sum(sizes) > MAX_FRAMES:
        raise FormatError(
            f"a chunk must hold segments of {whole} frames, the last maybe shorter, "
            f"and {MAX_FRAMES} frames at most"
        )


def _read_durations(payload: bytes, at: int, count: int) -> tuple[np.ndarray, int]:
    width = payload[at] if at < len(payload) else 255
    if width > MAX_FRAMES.bit_length():
        raise FormatError(f"durations claim {width} bits each")
    end = at + 1 + ceil(count * width / 8)
    packed = payload[at + 1 : end]
    found = unpack(packed, [count], [1 << width])[0] if width else np.zeros(count, np.int32)
    if width and (not count or int(found.max()).bit_length() != width):
        raise FormatError("durations take more bits than they need")
    if int(found.sum(dtype=np.int64)) + count > MAX_FRAMES:
        raise FormatError(f"a chunk's durations add up to more than {MAX_FRAMES} frames")
    return found.astype(np.int64) + 1, end


def _read_sides(track: Track, payload: bytes, shape: Shape) -> tuple[dict[str, np.ndarray], int]:
    sides, at = {}, shape.end
    for side in track.spec.sides:
        if side.per == "segment":
            lead = (track.streams, shape.segments)
            sides[side.name], at = read_raw(side, payload, at, lead)
    return sides, at


def read_raw(side: Side, payload: bytes, at: int, lead: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """Return a side's numbers, `[*lead, *shape]`, and where they end."""
    dtype = np.dtype(side.dtype).newbyteorder("<")
    count = prod((*lead, *side.shape))
    if at + count * dtype.itemsize > len(payload):
        raise FormatError(f"side {side.name} runs past the end of its record")
    flat = np.frombuffer(payload, dtype, count, at)
    values = flat.reshape(*lead, *side.shape).astype(np.dtype(side.dtype))
    return values, at + count * dtype.itemsize


def _read_rows(
    track: Track, form: int, data: bytes, counts: list[int], tables: TableSet | None
) -> list[np.ndarray]:
    if form == PACKED:
        return unpack(data, counts, track.sizes)
    if form != CODED or tables is None:
        known = "0 or 1" if tables else "0, as the track has no tables"
        raise FormatError(f"a chunk has form {form}; known is {known}")
    return _read_coded(track, data, counts, tables)


def _read_coded(track: Track, data: bytes, counts: list[int], tables: TableSet) -> list[np.ndarray]:
    plain = [k for k, table in enumerate(tables.tables) if table is None]
    sizes = [track.sizes[k] for k in plain]
    rest = [counts[k] for k in plain]
    used = ceil(sum(packed_bits(n, c) for n, c in zip(sizes, rest, strict=True)) / 8)
    rows = dict(zip(plain, unpack(data[:used], rest, sizes), strict=True))
    symbols = sum(counts) - sum(rest)
    coder = Decoder(data[used:], lanes_for(symbols))
    for k, table in enumerate(tables.tables):
        if table is not None:
            rows[k] = coder.pop(counts[k], table)
    coder.close()
    return [rows[k] for k in range(len(counts))]
