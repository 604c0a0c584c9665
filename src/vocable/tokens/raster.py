"""Draw tokens as a picture for notebooks: a row per level, time to the right, colour by code."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from math import floor, log10

import numpy as np
from jaxtyping import UInt8

from ..notebook import DIM, card, note, styled
from ..png import mixed, png
from .arrays import TokensLike
from .spec_parts import level_name

MAX_COLUMNS = 480
MAX_ROWS = 64  # of all streams together; a page is not the place for more
ROW_HEIGHT = 16  # pixels
TICKS = 6  # at most
UNITS = (("h", 3600), ("min", 60), ("s", 1))  # a unit that goes into the length three times
# Dark blue, teal, yellow: clear in grey and to the colour-blind.
COLOURS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))


def picture(tokens: TokensLike) -> str:
    """Return HTML: facts, rows of colours with their names, a time axis, and a colour key."""
    if tokens.spec.latent is not None:
        return card("AudioTokens", tokens.spec.name, _facts(tokens), note("floats are not drawn"))
    streams = max(1, min(tokens.streams, MAX_ROWS // tokens.levels))
    parts = [_picture(tokens, streams), _colour_key(tokens)] if tokens.frames else []
    parts += [note(text) for text in _left_out(tokens, streams)]
    return card("AudioTokens", tokens.spec.name, _facts(tokens), *parts)


def _picture(tokens: TokensLike, streams: int) -> str:
    rows = raster(tokens).reshape(tokens.streams, tokens.levels, -1, 3)
    cells = [cell for n in range(streams) for cell in _stream(tokens, n, rows[n])]
    columns = "max-content minmax(0,1fr)"
    return (
        f'<div style="display:grid;grid-template-columns:{columns};column-gap:10px;margin:6px 0">'
        f"{''.join(cells)}<div></div>{_time_axis(float(tokens.spec.seconds(tokens.frames)))}</div>"
    )


def _facts(tokens: TokensLike) -> list[tuple[str, str]]:
    kept, total = tokens.levels, len(tokens.spec.levels)
    levels = f"{kept} levels" if kept == total else f"{kept} of {total} levels"
    streams = "1 stream" if tokens.streams == 1 else f"{tokens.streams} streams"
    if (latent := tokens.spec.latent) is not None:
        return [
            ("length", f"{float(tokens.seconds):.2f} s"),
            ("latents", f"{streams} × {tokens.frames} frames × {latent.dim} floats"),
        ]
    rate = float(tokens.bitrate) / 1000
    return [
        ("length", f"{float(tokens.seconds):.2f} s, {rate:.2f} kbps"),
        ("tokens", f"{streams} × {levels} × {tokens.frames} frames"),
    ]


def _left_out(tokens: TokensLike, streams: int) -> Iterator[str]:
    if tokens.frames > MAX_COLUMNS:
        yield f"{MAX_COLUMNS} of {tokens.frames} frames are drawn, evenly spaced"
    if streams < tokens.streams:
        yield f"{streams} of {tokens.streams} streams are drawn"


def raster(tokens: TokensLike) -> UInt8[np.ndarray, "rows columns 3"]:
    """Return colours, a row per stream and level; a token is as wide as its duration."""
    columns = min(tokens.frames, MAX_COLUMNS)
    frames = np.arange(columns) * tokens.frames // columns
    grid = np.empty((tokens.streams * tokens.levels, columns, 3), np.uint8)
    for k, (level, codes) in enumerate(zip(tokens.spec.levels, tokens.stacks, strict=False)):
        numbers = _token_numbers(tokens, frames, level.stride)
        shares = codes[:, np.minimum(numbers, codes.shape[1] - 1)] / max(1, level.size - 1)
        grid[k :: tokens.levels] = mixed(shares, COLOURS)
    return grid


def _token_numbers(tokens: TokensLike, frames: np.ndarray, stride: int) -> np.ndarray:
    """Return which token of a level each frame belongs to."""
    if tokens.durations is None:
        return frames // stride
    return np.searchsorted(np.cumsum(tokens.durations), frames, side="right")


def _stream(
    tokens: TokensLike, number: int, rows: UInt8[np.ndarray, "levels columns 3"]
) -> list[str]:
    """Return the cells of one stream: its name where there are several, level names, picture."""
    height = ROW_HEIGHT * len(rows)
    image = base64.b64encode(png(rows)).decode()
    style = (
        f"display:block;width:100%;max-width:none;height:{height}px;margin:0;padding:0;border:0;"
        "border-radius:0;image-rendering:pixelated"
    )
    names = [
        _row_name(level_name(k, level)) for k, level in enumerate(tokens.spec.levels[: len(rows)])
    ]
    several = styled("div", f"grid-column:1/-1;{DIM}", f"stream {number}")
    return [
        several if tokens.streams > 1 else "",
        f'<div style="white-space:nowrap;text-align:right">{"".join(names)}</div>',
        f'<img alt="codes of {len(rows)} levels" style="{style}" '
        f'src="data:image/png;base64,{image}"/>',
    ]


def _row_name(name: str) -> str:
    return styled("div", f"height:{ROW_HEIGHT}px;font-size:11px;line-height:{ROW_HEIGHT}px", name)


def _time_axis(seconds: float) -> str:
    """Return marks at round times; the first and the last stand inside the picture's edges."""
    marks = []
    for mark, text in time_marks(seconds):
        at = mark / seconds
        shift = 0 if at < 0.04 else 100 if at > 0.94 else 50
        place = f"position:absolute;left:{100 * at:.2f}%;top:"
        line = f'<i style="{place}0;height:4px;border-left:1px solid currentColor"></i>'
        label = f"{place}4px;transform:translateX(-{shift}%);white-space:nowrap;font-size:11px"
        marks.append(line + styled("span", label, text))
    return f'<div style="position:relative;height:24px">{"".join(marks)}</div>'


def time_marks(seconds: float) -> list[tuple[float, str]]:
    """Return at most TICKS round times in seconds, each with its text: `2 s`, `0.4 s`, `20 min`."""
    unit, length = next((name, each) for name, each in UNITS if seconds >= 3 * each or each == 1)
    rough = seconds / length / (TICKS - 1)
    power = 10.0 ** floor(log10(rough))
    step = power * next(n for n in (1, 2, 5, 10) if n * power >= rough * (1 - 1e-9))
    digits = max(0, -floor(log10(step)))
    count = floor(seconds / length / step * (1 + 1e-9))
    return [(k * step * length, f"{k * step:.{digits}f} {unit}") for k in range(count + 1)]


def _colour_key(tokens: TokensLike) -> str:
    """Return what the colours mean: from code 0 to the last of a codebook."""
    sizes = {level.size for level in tokens.spec.levels[: tokens.levels]}
    last = f"code {sizes.pop() - 1}" if len(sizes) == 1 else "last of its codebook"
    stops = ",".join(f"rgb{colour}".replace(" ", "") for colour in COLOURS)
    bar = f"flex:0 1 120px;height:10px;background:linear-gradient(90deg,{stops})"
    return (
        '<div style="display:flex;align-items:center;gap:8px;font-size:11px;white-space:nowrap">'
        f'<span>code 0</span><span style="{bar}"></span>{styled("span", "", last)}</div>'
    )
