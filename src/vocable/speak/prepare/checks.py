"""Look at a snippet: how loud, clipped, noisy, wide it is, and whether its text can be right."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np

from vocable.audio import Audio
from vocable.errors import MeasureError
from vocable.measures.content import describe_content
from vocable.measures.loudness import FLOOR, loudness
from vocable.measures.word_times import text_of
from vocable.speak.prepare.cuts import Cut
from vocable.speak.prepare.scan import TICK, Scan
from vocable.speak.prepare.settings import RATE, Settings

FULL, RUN = 0.9999, 3  # of full scale; samples in a row there are clipped
CLEAREST = 99.0  # dB: what digital silence in the pauses would make infinite
_FASTEST, _SLOWEST = 30.0, 1.0  # characters a second of speech
_REPEATED, _ENOUGH = 2.4, 60  # times that a text shrinks, as Whisper's authors have it; characters

Checks = Mapping[str, float]

UNFIT = "a text that cannot be right"  # repeated, or too much or too little for its length
VOICE = "another voice"


def checks_of(cut: Cut, audio: Audio, scan: Scan) -> dict[str, float]:
    """Return what is measured of a snippet, rounded.

    loudness    LUFS, integrated (BS.1770); -70 for silence
    peak        dB of full scale
    clipped     share of samples at full scale, in runs of three
    snr         dB of its speech over its pauses
    band        Hz at which its sound ends, 60 dB below the loudest
    """
    samples = audio.samples[0]
    return {
        "loudness": round(_loudness(audio), 1),
        "peak": round(20 * float(np.log10(np.abs(samples).max(initial=0) + 1e-6)), 1),
        "clipped": round(_clipped(samples), 5),
        "snr": round(_snr(cut, scan), 1),
        "band": round(describe_content(samples, audio.rate).band_end or 0.0, 0),
    }


def faults(cut: Cut, checks: Checks, settings: Settings) -> Iterator[str]:
    """Yield why a snippet is left out, in a few words each."""
    seconds = cut.end - cut.begin
    if seconds < settings.shortest:
        yield f"shorter than {settings.shortest:g} s"
    if seconds > settings.longest:
        yield f"no pause for {settings.longest:g} s"
    if checks["clipped"] > settings.most_clipped:
        yield "clipped"
    if checks["loudness"] < settings.lowest_loudness:
        yield f"below {settings.lowest_loudness:g} LUFS"
    elif checks["snr"] < settings.lowest_snr:
        yield f"noise less than {settings.lowest_snr:g} dB below the voice"
    if not _fits(cut):
        yield UNFIT


def _loudness(audio: Audio) -> float:
    try:
        return loudness(audio)
    except MeasureError:
        return FLOOR


def _clipped(samples: np.ndarray) -> float:
    full = np.abs(samples) >= FULL
    if not full.any():
        return 0.0
    runs = np.lib.stride_tricks.sliding_window_view(full, RUN).all(axis=1)
    inside = np.convolve(runs, np.ones(RUN)) > 0
    return float(inside.mean())


def _snr(cut: Cut, scan: Scan) -> float:
    """Return the power of the breaths, less that of the pauses at and between them, over it."""
    ticks = np.arange(*(round(each * RATE / TICK) for each in (cut.begin, cut.end)))
    ticks = ticks[ticks < scan.powers.size]
    times = ticks * TICK / RATE
    speaks = np.zeros(ticks.size, bool)
    for breath in cut.breaths:
        speaks |= (times >= breath.begin - 0.01) & (times < breath.end + 0.01)
    if not speaks.any() or speaks.all():
        return CLEAREST
    speech, noise = scan.powers[ticks[speaks]].mean(), np.median(scan.powers[ticks[~speaks]])
    ratio = (speech - noise) / max(noise, 1e-12)
    return float(np.clip(10 * np.log10(max(ratio, 1e-3)), -30, CLEAREST))


def _fits(cut: Cut) -> bool:
    """Return whether a text could be spoken in its time, and does not go in circles."""
    text = text_of(cut.words).encode()
    pace = len(text.decode()) / sum(breath.seconds for breath in cut.breaths)
    shrinks = len(text) / len(zlib.compress(text))
    return _SLOWEST <= pace <= _FASTEST and (len(text) < _ENOUGH or shrinks <= _REPEATED)
