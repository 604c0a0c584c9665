"""Encode a stretch of tokens as the payload of one record that decodes alone.

start                   the base frame at which it begins
count, coding           4 · count + coding, where count is the tokens of the finest level (with
                        segments: their number). Coding 0: all levels packed. 1: levels with a table
                        coded under it, the others packed. 2: all coded by the track's model
segments                if the spec has them: the frames of each
durations               if the track has them: bits of each, then duration - 1 packed in that many
sides                   those per segment, raw and little-endian, in the spec's order
packed                  the packed levels, one after the other
coded                   if coding is 1: the coded levels, in as many lanes as suit their symbols
                        if coding is 2: what the model made of all levels, in place of the packed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod

import numpy as np

from ...errors import FormatError, TokenError
from ..coder.pack import pack, packed_bits, unpack
from ..coder.rans import RansDecoder, RansEncoder, lanes_for
from ..coder.tables import TableSet
from ..spec_parts import Side
from ..values import AudioTokens
from ..varint import encode_varint, encode_varints, read_varint
from .coding_model import CodingModel, ModelCoded
from .limits import MAX_FRAMES, MAX_SYMBOLS, SYMBOLS_PER_BYTE
from .track import Track

PACKED, CODED, BY_MODEL = 0, 1, 2
CODINGS = 4  # with room for one more


def encode(track: Track, start: int, tokens: AudioTokens, tables: TableSet | None) -> bytes:
    """Return the payload of a chunk, in the coding that makes it smaller."""
    rows = [codes.reshape(-1) for codes in tokens.stacks]
    bits = sum(packed_bits(size, len(row)) for row, size in zip(rows, track.sizes, strict=True))
    coded = _encode_coded(track, rows, tables)
    if coded is not None and len(coded) <= -(-bits // 8):
        payload = encode_varint(start) + _encode_header(track, tokens, CODED) + coded
        if sum(map(len, rows)) <= SYMBOLS_PER_BYTE * len(payload):
            return payload
    packed = pack(rows, track.sizes)
    return encode_varint(start) + _encode_header(track, tokens, PACKED) + packed


def encode_by(
    model: CodingModel, track: Track, starts: Sequence[int], chunks: Sequence[AudioTokens]
) -> list[bytes]:
    """Return the payloads of chunks that a model codes together, packed where that is smaller."""
    payloads = []
    for start, tokens, codes in zip(starts, chunks, model.encode(chunks, starts), strict=True):
        packed = encode(track, start, tokens, None)
        coded = encode_varint(start) + _encode_header(track, tokens, BY_MODEL) + codes
        few = sum(row.size for row in tokens.stacks) <= SYMBOLS_PER_BYTE * len(coded)
        payloads.append(coded if few and len(coded) < len(packed) else packed)
    return payloads


def _encode_header(track: Track, tokens: AudioTokens, coding: int) -> bytes:
    """Return everything between the start and the codes."""
    sides = b"".join(encode_side(tokens.sides[side.name]) for side in track.spec.segment_sides)
    if track.spec.segment is not None:
        count = encode_varint(CODINGS * len(tokens.segments) + coding)
        return count + encode_varints(tokens.segments) + sides
    if tokens.durations is None:
        return encode_varint(CODINGS * tokens.frames + coding) + sides
    count = encode_varint(CODINGS * len(tokens.durations) + coding)
    width = int(tokens.durations.max(initial=1) - 1).bit_length()
    packed = pack([tokens.durations - 1], [1 << width]) if width else b""
    return count + bytes([width]) + packed + sides


def encode_side(values: np.ndarray) -> bytes:
    """Return the bytes of a side's numbers, little-endian."""
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def _encode_coded(
    track: Track, rows: Sequence[np.ndarray], tables: TableSet | None
) -> bytes | None:
    """Return the codes with their tables used, or None where that cannot be smaller."""
    if tables is None:
        return None
    levels = list(zip(rows, track.sizes, tables.tables, strict=True))
    saved = sum(packed_bits(n, len(row)) - t.bits(row) for row, n, t in levels if t is not None)
    if saved <= 0:
        return None
    symbols = sum(len(row) for row, _, table in levels if table is not None)
    coder = RansEncoder(lanes_for(symbols))
    for row, _, table in levels:
        if table is not None:
            coder.push(row, table)
    plain = [(row, size) for row, size, table in levels if table is None]
    packed = pack([row for row, _ in plain], [size for _, size in plain])
    return packed + coder.finish()


@dataclass(frozen=True)
class ChunkHeader:
    """What a chunk says of itself before its codes; `end` is where that ends in the payload."""

    coding: int
    start: int
    frames: int
    counts: list[int]  # tokens of each level, in one stream
    segments: int
    durations: np.ndarray | None
    end: int


def decode(
    track: Track, payload: bytes, tables: TableSet | None, item_sides: dict[str, np.ndarray]
) -> AudioTokens:
    """Return the tokens of a payload; FormatError unless `encode` could have written it."""
    header = _checked_header(track, payload)
    sides, at = _decode_segment_sides(track, payload, header)
    counts = [track.streams * n for n in header.counts]
    rows = _decode_rows(track, header.coding, payload[at:], counts, tables)
    stacks = tuple(row.reshape(track.streams, -1) for row in rows)
    return _tokens(track, header, stacks, item_sides | sides)


def is_by_model(track: Track, payload: bytes) -> bool:
    """Return whether a model coded a chunk, so that `decode_by` reads it."""
    return read_header(track, payload).coding == BY_MODEL


def decode_by(model: CodingModel, track: Track, payloads: Sequence[bytes]) -> list[AudioTokens]:
    """Return the tokens of payloads that a model coded, decoded together."""
    headers = [_checked_header(track, payload) for payload in payloads]
    for header in headers:
        if header.frames > model.frames:
            raise FormatError(
                f"a chunk claims {header.frames} frames coded by {model.name}, which codes "
                f"{model.frames} at most"
            )
    coded = [
        ModelCoded(payload[header.end :], header.start, header.counts, track.streams)
        for header, payload in zip(headers, payloads, strict=True)
    ]
    found = model.decode(coded)
    return [
        _tokens(track, header, tuple(stacks), {})
        for header, stacks in zip(headers, found, strict=True)
    ]


def _checked_header(track: Track, payload: bytes) -> ChunkHeader:
    header = read_header(track, payload)
    symbols = track.streams * sum(header.counts)
    if symbols > MAX_SYMBOLS or symbols > SYMBOLS_PER_BYTE * len(payload):
        raise FormatError(
            f"a chunk of {len(payload)} bytes claims {symbols} codes, more than may be"
        )
    return header


def _tokens(
    track: Track, header: ChunkHeader, stacks: tuple[np.ndarray, ...], sides: dict[str, np.ndarray]
) -> AudioTokens:
    try:
        tokens = AudioTokens(track.spec, stacks, sides, header.durations)
    except TokenError as error:
        raise FormatError(str(error)) from error
    if tokens.frames != header.frames:
        raise FormatError(f"a chunk counts {header.frames} frames, its tokens hold {tokens.frames}")
    return tokens


def read_header(track: Track, payload: bytes) -> ChunkHeader:
    """Return where a chunk begins and what it holds, without looking at the codes."""
    start, at = read_varint(payload, 0)
    number, at = read_varint(payload, at)
    count, coding = divmod(number, CODINGS)
    if not 1 <= count <= MAX_FRAMES:
        raise FormatError(f"a chunk must hold 1 to {MAX_FRAMES} frames, got {count}")
    strides = [level.stride for level in track.spec.levels[: track.levels]]
    if track.spec.segment is not None:
        sizes, at = _decode_segments(track, payload, at, count)
        counts = [sum(-(-n // stride) for n in sizes) for stride in strides]
        return ChunkHeader(coding, start, sum(sizes), counts, count, None, at)
    counts = [-(-count // stride) for stride in strides]
    if not track.durations:
        return ChunkHeader(coding, start, count, counts, 1, None, at)
    durations, at = _decode_durations(payload, at, count)
    return ChunkHeader(coding, start, int(durations.sum()), counts, 1, durations, at)


def _decode_segments(track: Track, payload: bytes, at: int, count: int) -> tuple[list[int], int]:
    sizes = []
    for _ in range(count):
        frames, at = read_varint(payload, at)
        sizes.append(frames)
    full = track.spec.segment_frames
    wrong = any(n != full for n in sizes[:-1]) or not 1 <= sizes[-1] <= full
    if wrong or sum(sizes) > MAX_FRAMES:
        raise FormatError(
            f"a chunk must hold segments of {full} frames, of which the last may be shorter, "
            f"and {MAX_FRAMES} frames at most"
        )
    return sizes, at


def _decode_durations(payload: bytes, at: int, count: int) -> tuple[np.ndarray, int]:
    width = payload[at] if at < len(payload) else 255
    if width > MAX_FRAMES.bit_length():
        raise FormatError(f"durations claim {width} bits each")
    end = at + 1 + ceil(count * width / 8)
    packed = payload[at + 1 : end]
    found = unpack(packed, [count], [1 << width])[0] if width else np.zeros(count, np.int32)
    if width and int(found.max()).bit_length() != width:
        raise FormatError("durations take more bits than they need")
    if int(found.sum(dtype=np.int64)) + count > MAX_FRAMES:
        raise FormatError(f"a chunk's durations add up to more than {MAX_FRAMES} frames")
    return found.astype(np.int64) + 1, end


def _decode_segment_sides(
    track: Track, payload: bytes, header: ChunkHeader
) -> tuple[dict[str, np.ndarray], int]:
    sides, at = {}, header.end
    for side in track.spec.segment_sides:
        lead = (track.streams, header.segments)
        sides[side.name], at = decode_side(side, payload, at, lead)
    return sides, at


def decode_side(
    side: Side, payload: bytes, at: int, lead: tuple[int, ...]
) -> tuple[np.ndarray, int]:
    """Return a side's numbers, `[*lead, *shape]`, and where they end."""
    dtype = np.dtype(side.dtype).newbyteorder("<")
    count = prod((*lead, *side.shape))
    if at + count * dtype.itemsize > len(payload):
        raise FormatError(f"side {side.name} runs past the end of its record")
    flat = np.frombuffer(payload, dtype, count, at)
    values = flat.reshape(*lead, *side.shape).astype(np.dtype(side.dtype))
    return values, at + count * dtype.itemsize


def _decode_rows(
    track: Track, coding: int, data: bytes, counts: list[int], tables: TableSet | None
) -> list[np.ndarray]:
    if coding == PACKED:
        return unpack(data, counts, track.sizes)
    if coding != CODED or tables is None:
        lacking = "a model" if coding == BY_MODEL else "tables"
        known = f"0, as the track has no {lacking}" if coding < CODINGS - 1 else "0, 1 and 2"
        raise FormatError(f"a chunk has coding {coding}; known is {known}")
    return _decode_coded(track, data, counts, tables)


def _decode_coded(
    track: Track, data: bytes, counts: list[int], tables: TableSet
) -> list[np.ndarray]:
    plain = [k for k, table in enumerate(tables.tables) if table is None]
    plain_sizes, plain_counts = [track.sizes[k] for k in plain], [counts[k] for k in plain]
    bits = sum(packed_bits(n, c) for n, c in zip(plain_sizes, plain_counts, strict=True))
    used = ceil(bits / 8)
    rows = dict(zip(plain, unpack(data[:used], plain_counts, plain_sizes), strict=True))
    symbols = sum(counts) - sum(plain_counts)
    coder = RansDecoder(data[used:], lanes_for(symbols))
    for k, table in enumerate(tables.tables):
        if table is not None:
            rows[k] = coder.pop(counts[k], table)
    coder.close()
    return [rows[k] for k in range(len(counts))]
