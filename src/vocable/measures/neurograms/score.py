"""ViSQOL: what listeners would say of a recording, by how alike its neurogram is to its source's.

Chinen et al. 2020 (arXiv 2004.09584), in the version google/visqol 3.3.3 with all its quirks, since
its mappings were fitted with them and its published scores are to be met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from vocable.errors import MeasureError
from vocable.measures.checks import (
    Signal,
    Unpaired,
    check_full_scale,
    check_longest,
    check_rate,
    check_reference,
    check_signal,
    is_silent,
)
from vocable.measures.neurograms import mappings
from vocable.measures.neurograms.comparison import Comparison
from vocable.measures.neurograms.features import Features
from vocable.measures.neurograms.lattice import lattice
from vocable.measures.neurograms.spectrogram import Resolution
from vocable.nearest import nearest

AUDIO_RATE, SPEECH_RATE = 48000, 16000  # Hz
LONGEST = 300.0  # seconds, which take 2 GB; it was fitted to clips of about 10
_DISSIMILAR = 0.15  # similarity below which two recordings have nothing in common

T = TypeVar("T")


@dataclass(frozen=True)
class _Mode:
    """What kind of recording is compared, and how similarity is mapped to scores."""

    bands: int
    highest: float  # Hz
    patch: int  # frames
    spoken: bool
    mappings: Mapping[str, Callable[[Features], float]]  # the first is the default

    def at(self, rate: int) -> Comparison:
        """Return the comparison at a rate in Hz."""
        return Comparison(Resolution(rate, self.bands, self.highest), self.patch, self.spoken)


_AUDIO = {"svr": mappings.support_vectors}
_SPEECH = {
    "exponential": mappings.exponential,
    "exponential-unscaled": mappings.unscaled_exponential,
    "lattice": lattice,
}
MODES = {
    "audio": _Mode(32, AUDIO_RATE / 2, 30, False, _AUDIO),
    "speech": _Mode(21, SPEECH_RATE / 2, 20, True, _SPEECH),
}


def visqol(
    reference: Signal,
    degraded: Signal,
    rate: int,
    mode: str = "audio",
    mapping: str | None = None,
) -> float:
    """Return ViSQOL's prediction of the mean opinion of listeners, 1 to 5.

    Takes [samples] each, up to 300 s, of one length or not: it lines them up itself, and `degraded`
    may have any level. Mode "audio" is defined at 48 kHz, from 0.96 s, with the mapping "svr";
    identity gives 4.732. Mode "speech" is made for 16 kHz, from 0.64 s (a higher rate gives other
    scores), with the mapping "exponential", which identity takes to 5, "exponential-unscaled", to
    4.016, or "lattice", what the command of google/visqol prints: it is harsh on noise, depends on
    levels, and gives equal recordings from 4.0 to 4.8, at times less than others.
    MeasureError where it is not defined: silence on either side, another rate, too short or long.
    """
    chosen = _named(MODES, mode, "mode of visqol")
    mapped = _named(chosen.mappings, mapping or next(iter(chosen.mappings)), f"mapping of {mode}")
    comparison = chosen.at(_checked_rate(mode, rate))
    found = comparison(*_checked_signals(reference, degraded, comparison))
    return mapped(found) if found.mean >= _DISSIMILAR else mappings.LOWEST


def _named(table: Mapping[str, T], name: str, kind: str) -> T:
    if name not in table:
        raise MeasureError(f'no {kind} named "{name}"; {nearest(name, table)}')
    return table[name]


def _checked_rate(mode: str, rate: int) -> int:
    if mode == "audio":
        return check_rate("visqol_audio", rate, exactly=AUDIO_RATE)
    return check_rate("visqol_speech", rate, least=SPEECH_RATE)


def _checked_signals(
    reference: Signal, degraded: Signal, comparison: Comparison
) -> tuple[Unpaired, Unpaired]:
    x, y = check_signal(reference, "reference"), check_signal(degraded, "degraded")
    check_reference(x)
    check_full_scale(x, y)
    rate, least = comparison.grid.rate, comparison.shortest
    check_longest("visqol", max(x.size, y.size) / rate, LONGEST)
    if x.size < least:
        raise MeasureError(
            f"visqol needs at least {least / rate:.2f} s, got {x.size / rate:.2f} s; "
            "leave this clip out"
        )
    if is_silent(y):
        raise MeasureError("visqol is not defined for a silent degraded signal; count it apart")
    return x, y
