"""Compare the fundamental frequency of two recordings of speech: its course, and where it is.

One tracker hears both, `vocable.signal.pitch`: trackers differ from each other by more than codecs
do. It looks from 60 to 400 Hz, at four points in every 40 ms.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from vocable.errors import MeasureError
from vocable.measures.checks import Samples, Signal
from vocable.measures.kept import keep
from vocable.measures.measure import Measure, compute

Hertz = Float64[np.ndarray, "points"]  # 0 where there is no pitch
Shared = Float64[np.ndarray, "shared"]

RATE = 16000  # Hz
FRAME = 640  # samples of four points
POINT = FRAME // 4  # samples of each
SHARED = 10  # points (0.1 s) with a pitch in both recordings that a comparison needs
_BLOCK = 750  # frames (30 s) looked at together


class F0Error(NamedTuple):
    """How the fundamental frequency of a decoded recording differs from its source's."""

    cents: float  # root mean square, where both have a pitch
    hertz: float  # the same in Hz
    correlation: float  # of the logarithms, where both have a pitch
    voicing: float  # percent of points where one has a pitch and the other has none


def f0(reference: Signal, degraded: Signal, rate: int) -> F0Error:
    """Return the error, the correlation and the voicing error of the fundamental frequency.

    Takes speech [samples] of one length at 16 kHz, aligned. MeasureError where fewer than 10 points
    (0.1 s) have a pitch in both recordings. Boersma 1993 without his search over time.
    """
    whole = replace(F0_CENTS, name="f0", function=_f0)
    return F0Error(*compute(whole, reference, degraded, rate))


def _f0(x: Samples, y: Samples, rate: int) -> F0Error:
    a, b = pitch(x), pitch(y)
    return F0Error(_cents(a, b), _hertz(a, b), _correlation(a, b), _voicing(a, b))


@keep  # three measures look at the same two
def pitch(samples: Samples) -> Hertz:
    """Return the pitch of speech `[samples]` at 16 kHz in Hz, 0 where there is none."""
    import torch  # takes seconds, and most measures do without

    from vocable.signal.pitch import CONTEXT, pitch

    frames = -(-samples.size // FRAME)
    padded = np.pad(samples, (CONTEXT - FRAME, frames * FRAME - samples.size))
    windows = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT)[::FRAME]
    blocks = [windows[at : at + _BLOCK].astype(np.float32) for at in range(0, frames, _BLOCK)]
    found = [pitch(torch.from_numpy(block), RATE).reshape(-1).double() for block in blocks]
    hertz: Hertz = torch.cat(found).numpy()
    return hertz


def _cents(a: Hertz, b: Hertz) -> float:
    a, b = _shared(a, b)
    return float(1200 * np.sqrt(np.mean(np.log2(b / a) ** 2)))


def _hertz(a: Hertz, b: Hertz) -> float:
    a, b = _shared(a, b)
    return float(np.sqrt(np.mean((b - a) ** 2)))


def _correlation(a: Hertz, b: Hertz) -> float:
    a, b = (np.log(hertz) for hertz in _shared(a, b))
    a, b = a - a.mean(), b - b.mean()
    if not (a.any() and b.any()):
        raise MeasureError("f0_correlation needs a pitch that moves, but one stays where it is")
    return float(np.clip(np.dot(a, b) / math.sqrt(np.dot(a, a) * np.dot(b, b)), -1.0, 1.0))


def _voicing(a: Hertz, b: Hertz) -> float:
    _shared(a, b)
    return float(100 * np.mean((a > 0) != (b > 0)))


def _shared(a: Hertz, b: Hertz) -> tuple[Shared, Shared]:
    """Return both pitches where there are two; MeasureError where that is hardly anywhere."""
    both = (a > 0) & (b > 0)
    if both.sum() < SHARED:
        raise MeasureError(
            f"f0 needs {SHARED} points (0.1 s) with a pitch in both recordings, got {both.sum()} "
            f"({(a > 0).sum()} in the reference, {(b > 0).sum()} in the degraded signal)"
        )
    return a[both], b[both]


F0_CENTS = Measure(
    "f0_cents",
    lambda x, y, rate: _cents(pitch(x), pitch(y)),
    about="error of the pitch (root mean square), where both have one",
    unit="cents",
    direction="down",
    range=(0.0, 1200 * math.log2(400 / 60)),
    rate=RATE,
    shortest=0.1,
    default=False,
    digits=1,
)
F0_CORRELATION = Measure(
    "f0_correlation",
    lambda x, y, rate: _correlation(pitch(x), pitch(y)),
    about="correlation of the logarithms of the pitch, where both have one",
    unit="",
    direction="up",
    range=(-1.0, 1.0),
    rate=RATE,
    shortest=0.1,
    default=False,
)
F0_VOICING = Measure(
    "f0_voicing",
    lambda x, y, rate: _voicing(pitch(x), pitch(y)),
    about="points where one has a pitch and the other has none (voicing decision error)",
    unit="%",
    direction="down",
    range=(0.0, 100.0),
    rate=RATE,
    shortest=0.1,
    default=False,
    digits=1,
)
