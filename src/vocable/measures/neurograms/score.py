"""ViSQOL: what listeners would say of a recording, by how alike its neurogram is to its source's.

Chinen et al. 2020 (arXiv 2004.09584), in the version google/visqol 3.3.3 with all its quirks, since
its mappings were fitted with them and its published scores are to be met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from vocable.measures.checks import Signal, Unpaired, check_full_scale, named
from vocable.measures.measure import Measure
from vocable.measures.neurograms import mappings
from vocable.measures.neurograms.comparison import Comparison
from vocable.measures.neurograms.features import Features
from vocable.measures.neurograms.lattice import lattice
from vocable.measures.neurograms.spectrogram import Resolution
from vocable.measures.registry import score

AUDIO_RATE, SPEECH_RATE = 48000, 16000  # Hz
LONGEST = 300.0  # seconds, which take 2 GB; it was fitted to clips of about 10
_DISSIMILAR = 0.15  # similarity below which two recordings have nothing in common


Mapped = Callable[[Features], float]


@dataclass(frozen=True)
class _Mode:
    """What kind of recording is compared, and how similarity is mapped to scores."""

    bands: int
    highest: float  # Hz
    patch: int  # frames
    spoken: bool
    mappings: Mapping[str, Mapped]  # the first is the default

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
    *,
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
    chosen = named(MODES, mode, "mode of visqol")
    mapped = named(chosen.mappings, mapping or next(iter(chosen.mappings)), f"mapping of {mode}")
    measure = VISQOL_AUDIO
    if chosen.spoken:
        measure = replace(VISQOL_SPEECH, rate=None, min_rate=SPEECH_RATE)
    function = partial(_score, chosen, mapped)
    return score(replace(measure, function=function), reference, degraded, rate)


def _score(mode: _Mode, mapped: Mapped, x: Unpaired, y: Unpaired, rate: int) -> float:
    check_full_scale(x, y)
    found = mode.at(rate)(x, y)
    return mapped(found) if found.mean >= _DISSIMILAR else mappings.LOWEST


def _shortest(mode: str, rate: int) -> float:
    return MODES[mode].at(rate).shortest / rate


VISQOL_SPEECH = Measure(
    "visqol_speech",
    partial(_score, MODES["speech"], mappings.exponential),
    about="quality of speech as listeners would rate it, ViSQOL 3 (exponential)",
    unit="MOS-LQO",
    direction="up",
    range=(mappings.LOWEST, 5.0),
    version="3.3.3",
    rate=SPEECH_RATE,
    shortest=_shortest("speech", SPEECH_RATE),
    longest=LONGEST,
    lines_up=True,
    default=False,
    digits=2,
)
VISQOL_AUDIO = Measure(
    "visqol_audio",
    partial(_score, MODES["audio"], mappings.support_vectors),
    about="quality of any sound as listeners would rate it, ViSQOL 3 (SVR)",
    unit="MOS-LQO",
    direction="up",
    range=(mappings.LOWEST, 4.74),
    version="3.3.3",
    rate=AUDIO_RATE,
    shortest=_shortest("audio", AUDIO_RATE),
    longest=LONGEST,
    lines_up=True,
    default=False,
    digits=2,
)
