"""Write integers in as few bytes as they need: seven bits a byte, the lowest first (LEB128).

Each number has exactly one encoding: no more bytes than it needs, and at most 9 (63 bits).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import FormatError

MAX_VARINT_BYTES = 9


def encode_varint(value: int) -> bytes:
    """Return the bytes of a number of at most 63 bits."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_varints(values: Iterable[int]) -> bytes:
    """Return the bytes of several numbers, one after the other."""
    return b"".join(encode_varint(int(value)) for value in values)


def read_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return the number that begins at byte `offset`, and the offset at which it ends.

    FormatError for a number that is cut off, too long, or longer than it needs to be.
    """
    value = 0
    for k in range(MAX_VARINT_BYTES):
        if offset + k >= len(data):
            raise FormatError("a number runs past the end of its record")
        byte = data[offset + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            if byte == 0 and k:
                raise FormatError("a number has more bytes than it needs")
            return value, offset + k + 1
    raise FormatError(f"a number has more than {MAX_VARINT_BYTES} bytes")
