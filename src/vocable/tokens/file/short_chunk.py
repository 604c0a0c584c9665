"""Frame one step of a live stream in three bytes: a number before its codes, a checksum after them.

number      1 byte below 128: which step of the stream this is, modulo 128
codes       all levels of one step, packed; their size follows from the track
checksum    CRC-16/IBM-3740 of all before it, little-endian: it finds every change within 16 bits in
            a row and any 3 changed bits, and misses another damage once in 65 536
"""

from __future__ import annotations

from binascii import crc_hqx
from math import ceil

import numpy as np

from ..coder.pack import pack, packed_bits, unpack
from ..values import AudioTokens
from .track import Header, Track

NUMBERS = 128  # a byte below this begins a short chunk, no other record does
CHECK_BYTES = 2
MAX_CODES = 255  # bytes of codes; where there are more, a longer head costs little
_LATE = 32  # a number up to this far behind is of a chunk that came late or twice


def codes_size(track: Track) -> int:
    """Return the bytes of codes in a short chunk; 0 for a track that has none.

    That is one with durations or segments, or with many codes in a step.
    """
    if track.durations or track.spec.segment is not None:
        return 0
    size = ceil(sum(map(packed_bits, track.sizes, counts(track))) / 8)
    return size if size <= MAX_CODES else 0


def codes_size_in(header: Header) -> int:
    """Return the bytes of codes in a short chunk of a file; 0 where it can have none."""
    tracks = list(header.tracks.values())
    return codes_size(tracks[0]) if len(tracks) == 1 else 0


def size_of(codes: int) -> int:
    """Return the bytes of a short chunk with so many bytes of codes."""
    return 1 + codes + CHECK_BYTES


def encode(track: Track, start: int, tokens: AudioTokens) -> bytes:
    """Return the bytes of the step that begins at frame `start`."""
    number = bytes([start // track.unit % NUMBERS])
    body = number + pack([codes.reshape(-1) for codes in tokens.stacks], track.sizes)
    return body + _checksum(body)


def holds(data: bytes) -> bool:
    """Say whether these bytes are a whole short chunk."""
    return data[0] < NUMBERS and _checksum(data[:-CHECK_BYTES]) == data[-CHECK_BYTES:]


def decode(track: Track, codes: bytes, item_sides: dict[str, np.ndarray]) -> AudioTokens:
    """Return the tokens of a short chunk's codes."""
    rows = unpack(codes, counts(track), track.sizes)
    stacks = tuple(row.reshape(track.streams, -1) for row in rows)
    return AudioTokens(track.spec, stacks, item_sides)


def start_of(track: Track, number: int, expected: int) -> int:
    """Return the frame at which a chunk begins, where one that begins at `expected` should come.

    It lies ahead where chunks were lost, and behind for one that came late or twice.
    """
    step = expected // track.unit
    ahead = (number - step) % NUMBERS
    return (step + ahead - (NUMBERS if ahead >= NUMBERS - _LATE else 0)) * track.unit


def counts(track: Track) -> list[int]:
    """Return the codes of each level in a step, in all streams."""
    levels = track.spec.levels[: track.levels]
    return [track.streams * (track.unit // level.stride) for level in levels]


def _checksum(body: bytes) -> bytes:
    return crc_hqx(body, 0xFFFF).to_bytes(CHECK_BYTES, "little")
