"""Draw what a codec did to a recording: waveform, log-mel before and after, and the tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vocable.atomic import replacing
from vocable.errors import MeasureError

if TYPE_CHECKING:
    from vocable.audio import Audio
    from vocable.tokens import AudioTokens

LONGEST = 20.0  # seconds: more than this is unreadable at the picture's width
_WINDOW = 1024  # samples at 16 kHz and above; the hop is a quarter
_BANDS = 96
_RANGE = 80.0  # dB below the loudest band that the colours span
_BEFORE, _AFTER = "#3b5b7a", "#c2571a"


def draw(
    path: str | Path, before: Audio, after: Audio, tokens: AudioTokens, *, title: str = ""
) -> None:
    """Write a PNG of one round trip; recordings longer than 20 s show their first 20 s.

    Needs matplotlib (`pip install "vocable[plot]"`), else MeasureError.
    """
    figure = _figure(before, after, tokens, title)
    try:
        with replacing(path, overwrite=True) as fresh:
            figure.savefig(fresh, dpi=110, format="png")
    except OSError as error:
        if error.errno is not None:  # a full disk, which says no name of its own
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


def _figure(before: Audio, after: Audio, tokens: AudioTokens, title: str) -> Any:
    check_matplotlib()
    from matplotlib.figure import Figure

    x, y = _start(before), _start(after)
    seconds = x.size / before.rate
    rates = before.rate, after.rate
    figure = Figure(figsize=(12, 10), layout="constrained")
    rows = figure.subplots(5, 1, sharex=True, height_ratios=(0.7, 0.7, 1.3, 1.3, 1.3))
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    _draw_waves(rows[:2], (x, y), rates)
    _draw_mels(figure, rows[2:4], (x, y), rates)
    raster = rows[4]
    shown = _draw_raster(raster, tokens, seconds)
    figure.colorbar(shown, ax=raster, pad=0.01, label="entry / codebook size")
    figure.align_ylabels(rows)
    raster.set_xlim(0, seconds)
    whole = tokens.seconds <= LONGEST
    raster.set_xlabel("seconds" if whole else f"seconds (the first {LONGEST:.0f})")
    return figure


def _start(audio: Audio) -> npt.NDArray[np.float32]:
    """Return the first 20 s of a recording, its channels averaged."""
    mono: npt.NDArray[np.float32] = audio.samples[:, : int(LONGEST * audio.rate)].mean(axis=0)
    return mono


def _draw_waves(rows: Any, signals: Any, rates: tuple[int, int]) -> None:
    peak = max(1e-3, *(float(np.abs(x).max(initial=0)) for x in signals))
    looks = (("before", _BEFORE), ("after", _AFTER))
    for row, x, rate, (name, color) in zip(rows, signals, rates, looks, strict=True):
        row.plot(np.arange(x.size) / rate, x, color=color, lw=0.5)
        row.set_ylim(-1.05 * peak, 1.05 * peak)
        row.set_ylabel(f"wave {name}")


def _draw_mels(figure: Any, rows: Any, signals: Any, rates: tuple[int, int]) -> None:
    """Draw both pictures with one scale of colours, so that a loss looks like one."""
    band = min(rates)
    mels = [_decibels(x, rate, band) for x, rate in zip(signals, rates, strict=True)]
    top = max(float(mel.max()) for mel in mels)
    drawn = zip(rows, mels, signals, rates, ("before", "after"), strict=True)
    for row, mel, x, rate, name in drawn:
        image = row.imshow(
            mel - top,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=-_RANGE,
            vmax=0,
            extent=(0, x.size / rate, 0, mel.shape[0]),
        )
        row.set_yticks(*_hertz(band))
        row.set_ylabel(f"mel {name} [Hz]")
    figure.colorbar(image, ax=list(rows), pad=0.01, label="dB below the loudest")


def _decibels(x: Any, rate: int, band: int) -> npt.NDArray[np.float32]:
    """Return log-mel `[bands, frames]` in dB up to half of `band` Hz, which both pictures reach."""
    import torch

    from vocable.audio import resample
    from vocable.signal.spectra import log_mel

    if rate != band:
        x = resample(x[None], rate, band)[0]
    window = _WINDOW if band >= 16_000 else _WINDOW // 2
    mel = log_mel(torch.from_numpy(np.ascontiguousarray(x)), band, window, _BANDS)
    decibels: npt.NDArray[np.float32] = (mel.T * (20 / np.log(10))).numpy()
    return decibels


def _hertz(rate: int) -> tuple[list[float], list[str]]:
    """Return where 250, 500, 1000 … Hz lie on the mel axis, and their names."""
    ticks = [hz for hz in (250, 500, 1000, 2000, 4000, 8000, 16_000) if hz <= rate / 2]
    top = np.log10(1 + rate / 2 / 700)
    places = [float(np.log10(1 + hz / 700) / top * _BANDS) for hz in ticks]
    return places, [str(hz) for hz in ticks]


def _draw_raster(axes: Any, tokens: AudioTokens, seconds: float) -> Any:
    """Draw one row per level, first level on top; each token as long as its stride in time."""
    spec = tokens.spec
    for row, (level, stack) in enumerate(zip(spec.levels, tokens.stacks, strict=False)):
        length = level.stride * spec.frame / spec.rate
        count = min(stack.shape[-1], int(np.ceil(seconds / length)))
        image = axes.imshow(
            stack[:1, :count] / max(1, level.size - 1),
            aspect="auto",
            interpolation="nearest",
            cmap="viridis",
            vmin=0,
            vmax=1,
            extent=(0, count * length, row + 1, row),
        )
    rows = len(tokens.stacks)
    axes.set_ylim(rows, 0)
    axes.hlines(range(1, rows), 0, seconds, color="white", lw=1)
    axes.set_yticks(np.arange(rows) + 0.5, _names(tokens))
    axes.set_ylabel("tokens by level")
    return image


def _names(tokens: AudioTokens) -> list[str]:
    levels = tokens.spec.levels[: len(tokens.stacks)]
    return [
        str(row) if level.role == "acoustic" else f"{row} {level.role}"
        for row, level in enumerate(levels)
    ]
