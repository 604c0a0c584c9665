"""Write pictures as PNG (RFC 2083) with nothing but zlib: of colours, or numbers of a palette."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from jaxtyping import UInt8

_TRUE_COLOUR, _PALETTE = 2, 3  # kinds of colour in the header


def png(pixels: UInt8[np.ndarray, "rows columns 3"]) -> bytes:
    """Return a picture of red, green and blue."""
    return _file(pixels.reshape(len(pixels), -1), pixels.shape[1], _TRUE_COLOUR)


def palette_png(
    numbers: UInt8[np.ndarray, "rows columns"], colours: UInt8[np.ndarray, "colours 3"]
) -> bytes:
    """Return a picture of which each pixel is the number of a colour."""
    return _file(numbers, numbers.shape[1], _PALETTE, (b"PLTE", colours.tobytes()))


def mixed(
    shares: np.ndarray, stops: tuple[tuple[int, int, int], ...]
) -> UInt8[np.ndarray, "... 3"]:
    """Map 0 to 1 onto colours that blend into each other, at even distances."""
    at, table = np.linspace(0, 1, len(stops)), np.array(stops)
    channels = [np.interp(shares, at, table[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _file(
    lines: UInt8[np.ndarray, "rows bytes"], width: int, kind: int, *chunks: tuple[bytes, bytes]
) -> bytes:
    header = struct.pack(">IIBBBBB", width, len(lines), 8, kind, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line.tobytes() for line in lines))
    every = ((b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in every)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
