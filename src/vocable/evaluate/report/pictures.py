"""Draw one excerpt: both spectrograms over its tokens, on one axis of time."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from vocable.audio import Audio
from vocable.evaluate.report.markup import Markup, data_uri, tag
from vocable.evaluate.report.spectrogram import COLUMNS, RANGE, spectrograms
from vocable.png import mixed, palette_png
from vocable.tokens import AudioTokens
from vocable.tokens.grid import token_grid
from vocable.tokens.raster import COLOURS, time_marks

_LEFT, _WIDTH, _HEIGHT = 38.0, 326.0, 84.0  # of a spectrogram, in units of the drawing
_GAP, _ROW, _TOKENS = (
    4.0,
    9.0,
    120.0,
)  # between pictures; of a row of tokens, of all of them at most
_AXIS = 18.0
_SHADES = 64
_HERTZ = (500, 1000, 2000, 4000, 8000, 16_000)
_ABSENT = (128, 128, 128)  # after the last token


def picture(original: Audio, decoded: Audio, tokens: AudioTokens | None, title: str) -> Markup:
    """Return spectrograms of the original and of what was decoded, then tokens, as SVG."""
    parts, top = [], 0.0
    for name, image in zip(("original", "decoded"), spectrograms(original, decoded), strict=True):
        parts += [_image(image, top, _HEIGHT), *_hertz(original.rate, top)]
        parts.append(tag("text", name, x=_LEFT + 5, y=top + 13, class_="over"))
        top += _HEIGHT + _GAP
    if tokens is not None:
        grid = _grid(tokens, original.seconds)
        height = min(_TOKENS, _ROW * len(grid))
        parts.append(_image(_drawn(grid), top, height))
        parts.append(tag("text", "tokens", x=_LEFT - 4, y=top + 10, class_="side"))
        top += height + _GAP
    parts += _seconds(original.seconds, top)
    size = f"0 0 {_LEFT + _WIDTH + 8} {top + _AXIS}"
    return tag("svg", *parts, viewBox=size, class_="picture", role="img", aria_label=title)


def legend() -> str:
    """Return what pictures show, in words."""
    return (
        f"Pitch on a mel scale in kHz, dark {RANGE:.0f} dB below the loudest of both; of tokens a "
        "row for each level, the first on top, from dark (entry 0) to bright (the last)."
    )


def _image(content: bytes, top: float, height: float) -> Markup:
    place = {"x": _LEFT, "y": top, "width": _WIDTH, "height": height}
    uri = data_uri("image/png", content)
    return tag("image", href=uri, preserveAspectRatio="none", class_="pixels", **place)


def _grid(tokens: AudioTokens, seconds: float) -> np.ndarray:
    """Return the entries of the first stream, as shares of their codebooks."""
    return token_grid(tokens, seconds, COLUMNS)[: tokens.levels]


def _drawn(grid: np.ndarray) -> bytes:
    """Return a picture of shares from 0 to 1; NaN is grey."""
    colours = mixed(np.linspace(0, 1, _SHADES), COLOURS)
    palette: UInt8[np.ndarray, "colours 3"] = np.vstack([colours, [_ABSENT]]).astype(np.uint8)
    shades = np.where(np.isnan(grid), _SHADES, np.round(np.nan_to_num(grid) * (_SHADES - 1)))
    return palette_png(shades.astype(np.uint8), palette)


def _hertz(rate: int, top: float) -> list[Markup]:
    """Return marks of pitch beside a spectrogram, as far as they have room."""
    highest = np.log10(1 + rate / 2 / 700)
    marks = []
    for hertz in _HERTZ:
        height = np.log10(1 + hertz / 700) / highest
        if height < 0.97:
            y = top + _HEIGHT * (1 - height) + 4
            marks.append(tag("text", f"{hertz / 1000:g}", x=_LEFT - 4, y=f"{y:.1f}", class_="side"))
    return marks


def _seconds(seconds: float, top: float) -> list[Markup]:
    marks = []
    for at, text in time_marks(seconds):
        x = _LEFT + _WIDTH * at / seconds
        marks.append(tag("path", d=f"M{x:.1f},{top - _GAP}v4", class_="grid"))
        marks.append(tag("text", text, x=f"{x:.1f}", y=top + 12, text_anchor="middle"))
    return marks
