"""Draw what a codec did to a recording: waveform and log-mel of both, over the tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vocable.atomic import replacing
from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.tokens.grid import row_names, rows_a_stream, token_grid

if TYPE_CHECKING:
    from vocable.tokens import AudioTokens

LONGEST = 20.0  # seconds: more than this is unreadable at the picture's width
STREAMS = 4  # drawn of a recording with more
_DOTTED = 100  # samples: fewer are drawn as dots too, since a line needs two
_WINDOW = 1024  # samples at 16 kHz and above; the hop is a quarter
_BANDS = 96
_RANGE = 80.0  # dB below the loudest band that the colours span
_COLOURS = {"input": "#3b5b7a", "decoded": "#c2571a"}
_COLUMNS = 2000  # of the token raster: finer than the picture's pixels
# Inches. Each row of tokens is as high as its name, all of them are at least as high as a log-mel.
_WIDTH, _WAVE, _MEL, _MARGINS = 12.0, 1.1, 2.1, 1.5
_ROW, _TOKENS = 0.15, 2.1


def draw(
    path: str | Path, reference: Audio, decoded: Audio, tokens: AudioTokens, *, title: str = ""
) -> None:
    """Write a PNG of one round trip; recordings longer than 20 s show their first 20 s.

    Needs matplotlib (`pip install "vocable[plot]"`), else MeasureError.
    """
    picture = figure(reference, decoded, tokens, title)
    try:
        with replacing(path, overwrite=True) as fresh:
            picture.savefig(fresh, dpi=110, format="png")
    except OSError as error:
        if error.errno is not None:  # a full disk, which names no file of its own
            error.filename = str(path)
        raise


def check_matplotlib() -> None:
    """Raise MeasureError unless matplotlib can be imported."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MeasureError(
            'drawing a report needs matplotlib: pip install "vocable[plot]"'
        ) from error


def figure(reference: Audio, decoded: Audio, tokens: AudioTokens, title: str = "") -> Any:
    """Return a matplotlib figure: for each stream two waves, two log-mels and all levels.

    A stream shows its own channels, mixed where it has several, which its heading says. Of more
    than four streams the first four are drawn.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    drawn = range(min(tokens.streams, STREAMS))
    rows = rows_a_stream(tokens)
    height = max(_TOKENS, _ROW * rows) if tokens.spec.latent is None else _TOKENS
    heights = [_WAVE, _WAVE, _MEL, _MEL, height]
    size = (_WIDTH, len(drawn) * sum(heights) + _MARGINS)
    picture = Figure(figsize=size, layout="constrained")
    drawable = title.encode(errors="replace").decode()  # names of files may hold any bytes
    picture.suptitle(drawable, x=0.01, ha="left", fontsize=12, parse_math=False)
    axes = picture.subplots(
        5 * len(drawn), 1, sharex=True, height_ratios=heights * len(drawn), squeeze=False
    )[:, 0]
    for stream in drawn:
        sounds = {"input": _shown(reference, tokens, stream)}
        sounds["decoded"] = _shown(decoded, tokens, stream)
        own = axes[5 * stream : 5 * stream + 5]
        own[0].set_title(_heading(reference, tokens, stream), loc="right", fontsize=9)
        _draw_waves(own[:2], sounds)
        _draw_mels(own[2:4], sounds)
        _draw_tokens(own[4], tokens, stream, sounds["input"].seconds)
    picture.align_ylabels(axes)
    whole = tokens.seconds <= LONGEST
    axes[-1].set_xlabel("seconds" if whole else f"seconds (the first {LONGEST:.0f})")
    return picture


def _heading(audio: Audio, tokens: AudioTokens, stream: int) -> str:
    """Return what stands over a stream: which, and of which channels; nothing for plain mono."""
    channels = _channels(audio, tokens, stream)
    counted = [str(channel + 1) for channel in channels]
    words = [f"stream {stream} of {tokens.streams}"] if tokens.streams > 1 else []
    if len(channels) > 1:
        words.append(f"channels {', '.join(counted[:-1])} and {counted[-1]} mixed")
    elif audio.channels > 1:
        words.append(f"channel {counted[0]}")
    return ": ".join(words)


def _channels(audio: Audio, tokens: AudioTokens, stream: int) -> range:
    """Return the channels of a recording that a stream codes."""
    if tokens.streams == 1:
        return range(audio.channels)
    first = stream * tokens.spec.channels
    return range(first, min(first + tokens.spec.channels, audio.channels))


def _shown(audio: Audio, tokens: AudioTokens, stream: int) -> Audio:
    """Return the first 20 s of what a stream codes of a recording, its channels mixed."""
    channels = _channels(audio, tokens, stream)
    samples = audio.samples[channels.start : channels.stop, : int(LONGEST * audio.rate)]
    return Audio(samples, audio.rate, allow_loud=True).mono()


def _draw_waves(axes: Any, shown: dict[str, Audio]) -> None:
    """Draw both waves to one scale."""
    peak = max(1e-3, *(float(np.abs(audio.samples).max(initial=0)) for audio in shown.values()))
    for axis, (name, audio) in zip(axes, shown.items(), strict=True):
        dots = {"marker": "o", "markersize": 4, "clip_on": False} if len(audio) < _DOTTED else {}
        seconds = np.arange(len(audio)) / audio.rate
        axis.plot(seconds, audio.samples[0], color=_COLOURS[name], lw=0.5, **dots)
        axis.set_ylim(-1.05 * peak, 1.05 * peak)
        axis.set_ylabel(f"{name} wave")


def _draw_mels(axes: Any, shown: dict[str, Audio]) -> None:
    """Draw both log-mels with one scale of colours, so that a loss looks like one."""
    rate = min(audio.rate for audio in shown.values())
    mels = [_decibels(audio.resample(rate)) for audio in shown.values()]
    top = max(float(mel.max()) for mel in mels)
    for axis, mel, (name, audio) in zip(axes, mels, shown.items(), strict=True):
        image = axis.imshow(
            mel - top,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=-_RANGE,
            vmax=0,
            extent=(0, audio.seconds, 0, _BANDS),
        )
        axis.set_yticks(*_hertz(rate))
        axis.set_ylabel(f"{name} mel [Hz]")
    axes[0].figure.colorbar(image, ax=list(axes), pad=0.01, label="dB below the loudest")


def _decibels(audio: Audio) -> npt.NDArray[np.float32]:
    """Return the log-mel `[bands, frames]` in dB of one channel, up to half its rate."""
    import torch

    from vocable.signal.spectra import log_mel

    window = _WINDOW if audio.rate >= 16_000 else _WINDOW // 2
    mel = log_mel(torch.from_numpy(audio.samples[0].copy()), audio.rate, window, _BANDS)
    decibels: npt.NDArray[np.float32] = (mel.T * (20 / np.log(10))).numpy()
    return decibels


def _hertz(rate: int) -> tuple[list[float], list[str]]:
    """Return where 250, 500, 1000 … Hz lie on the mel axis, and their names."""
    ticks = [hz for hz in (250, 500, 1000, 2000, 4000, 8000, 16_000) if hz <= rate / 2]
    top = np.log10(1 + rate / 2 / 700)
    heights = [float(np.log10(1 + hz / 700) / top * _BANDS) for hz in ticks]
    return heights, [str(hz) for hz in ticks]


def _draw_tokens(axis: Any, tokens: AudioTokens, stream: int, seconds: float) -> None:
    """Draw a row for each level of a stream, the first on top."""
    rows = rows_a_stream(tokens)
    own = slice(stream * rows, (stream + 1) * rows)
    grid = token_grid(tokens, seconds, _COLUMNS)[own]
    image = axis.imshow(
        grid,
        aspect="auto",
        interpolation="nearest",
        cmap="viridis",
        vmin=0,
        vmax=1,
        extent=(0, seconds, rows, 0),
    )
    axis.set_yticks(np.arange(rows) + 0.5, row_names(tokens)[own], fontsize=8)
    if tokens.spec.latent is None:
        axis.hlines(range(1, rows), 0, seconds, color="white", lw=0.5)
    axis.set_xlim(0, seconds)
    axis.figure.colorbar(image, ax=axis, pad=0.01, label=_colours_of(tokens))


def _colours_of(tokens: AudioTokens) -> str:
    """Return what the colours of tokens say."""
    return "entry / codebook size" if tokens.spec.latent is None else "least to greatest number"
