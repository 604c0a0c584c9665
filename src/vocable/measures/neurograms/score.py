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
    Samples,
    Signal,
    check_full_scale,
    check_rate,
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
    "lattice": lattice,
    "exponential": mappings.exponential,
    "exponential-unscaled": mappings.unscaled_exponential,
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
    """Return ViSQOL's prediction of a mean opinion score, 1 to 5.

    Takes [samples] each, of any length, which it lines up itself; `degraded` may have any level.
    "audio": at 48 kHz, from 0.96 s, mapping "svr"; identity gives 4.732. "speech": made for 16 kHz,
    from 0.64 s, mapping "lattice" (the default: identity gives about 4.5), "exponential" (what
    google/visqol's Python call gives unless told otherwise: 5.0) or "exponential-unscaled" (4.016).
    Speech at more than 16 kHz has other scores than when it is resampled first. MeasureError where
    it is not defined: other rates, silence on either side, a reference that is too short.
    """
    chosen = _named(MODES, mode, "mode of visqol")
    mapped = _named(chosen.mappings, mapping or next(iter(chosen.mappings)), f"mapping of {mode}")
    x, y = check_signal(reference, "reference"), check_signal(degraded, "degraded")
    comparison = chosen.at(_checked_rate(mode, rate))
    _check_sound(x, y, comparison)
    found = comparison(x, y)
    return mapped(found) if found.mean >= _DISSIMILAR else mappings.LOWEST


def _named(table: Mapping[str, T], name: str, kind: str) -> T:
    if name not in table:
        raise MeasureError(f'no {kind} named "{name}"; {nearest(name, table)}')
    return table[name]


def _checked_rate(mode: str, rate: int) -> int:
    if mode == "audio":
        return check_rate("visqol_audio", rate, exactly=AUDIO_RATE)
    return check_rate("visqol_speech", rate, least=SPEECH_RATE)


def _check_sound(reference: Samples, degraded: Samples, comparison: Comparison) -> None:
    rate = comparison.grid.rate
    check_full_scale(reference, degraded)
    if reference.size < comparison.shortest:
        raise MeasureError(
            f"visqol needs at least {comparison.shortest / rate:.2f} s, "
            f"got {reference.size / rate:.2f} s; leave this clip out"
        )
    for name, signal in (("reference", reference), ("degraded", degraded)):
        if is_silent(signal):
            raise MeasureError(f"visqol is not defined for a silent {name} signal; count it apart")
