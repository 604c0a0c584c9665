"""Draw tokens as a picture for notebooks: a row per level, time to the right, colour by code."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np
from jaxtyping import UInt8

from .arrays import TokensLike

MAX_COLUMNS = 480
ROW_HEIGHT = 14  # pixels
WIDTH = 720  # pixels
LEFT = 64  # pixels for the names of the rows
TICKS = 5


def svg(tokens: TokensLike) -> str:
    """Return an SVG of the tokens; long recordings show every n-th frame."""
    grid = raster(tokens)
    height = ROW_HEIGHT * len(grid)
    image = base64.b64encode(_png(grid)).decode()
    title = escape(repr(tokens).strip("<>"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 16}" '
        f'height="{height + 44}" font-family="sans-serif" font-size="10" fill="currentColor">',
        f'<text x="0" y="12" font-size="12">{title}</text>',
        f'<image x="{LEFT}" y="20" width="{WIDTH}" height="{height}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{image}"/>',
        *_row_names(tokens),
        *_time_marks(tokens, height),
        "</svg>",
    ]
    return "".join(parts)


def raster(tokens: TokensLike) -> UInt8[np.ndarray, "rows columns 3"]:
    """Return colours, a row per stream and level; a token is as wide as its duration."""
    columns = max(1, min(tokens.frames, MAX_COLUMNS))
    frames = np.arange(columns) * tokens.frames // columns
    grid = np.full((tokens.streams * tokens.levels, columns, 3), 255, np.uint8)
    if not tokens.frames:
        return grid
    for k, (level, codes) in enumerate(zip(tokens.spec.levels, tokens.stacks, strict=False)):
        numbers = _token_numbers(tokens, frames, level.stride)
        shares = codes[:, np.minimum(numbers, codes.shape[1] - 1)] / max(1, level.size - 1)
        grid[k :: tokens.levels] = _colours(shares)
    return grid


def _token_numbers(tokens: TokensLike, frames: np.ndarray, stride: int) -> np.ndarray:
    """Return which token of a level each frame belongs to."""
    if tokens.durations is None:
        return frames // stride
    return np.searchsorted(np.cumsum(tokens.durations), frames, side="right")


def _colours(shares: np.ndarray) -> np.ndarray:
    """Map 0 to 1 onto dark blue, teal, yellow: clear in grey and to the colour-blind."""
    stops = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]])
    shares_of_stops = np.linspace(0, 1, len(stops))
    mixed = [np.interp(shares, shares_of_stops, stops[:, channel]) for channel in range(3)]
    return np.stack(mixed, axis=-1).astype(np.uint8)


def _row_names(tokens: TokensLike) -> list[str]:
    names = []
    for row in range(tokens.streams * tokens.levels):
        stream, k = divmod(row, tokens.levels)
        label = f"level {k}" if tokens.streams == 1 else f"{stream + 1}: level {k}"
        y = 20 + ROW_HEIGHT * row + ROW_HEIGHT - 4
        names.append(f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{label}</text>')
    return names


def _time_marks(tokens: TokensLike, height: int) -> list[str]:
    marks = []
    for tick in range(TICKS + 1):
        seconds = float(tokens.seconds) * tick / TICKS
        x = LEFT + WIDTH * tick / TICKS
        marks.append(
            f'<text x="{x:.0f}" y="{height + 34}" text-anchor="middle">{seconds:.2f} s</text>'
        )
    return marks


def _png(grid: np.ndarray) -> bytes:
    """Write `[rows, columns, 3]` bytes as a PNG."""
    height, width, _ = grid.shape
    lines = b"".join(b"\0" + row.tobytes() for row in grid)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
