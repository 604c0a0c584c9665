"""Score one recording against another by measures of any rate.

What keeps two recordings from being compared sample by sample is put right once, for all measures,
and reported: channels, rates, a delay. What is more than that is a reason to have no score.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from vocable.audio import Audio, resample
from vocable.errors import MeasureError
from vocable.measures.delays import CAP, find_delay
from vocable.measures.kept import keep
from vocable.measures.measure import Measure
from vocable.measures.registry import find, score_all

LEFT_OVER = 0.1  # seconds by which lengths may differ: the rest of a frame


class Scored(NamedTuple):
    """What measures say of a decoded recording."""

    scores: dict[str, float]  # by name
    unscored: dict[str, str]  # why those that have no value have none
    delay: float  # seconds by which it came late: put right, up to 0.05, before it was scored


def score_recordings(
    measures: Iterable[str | Measure],
    reference: Audio,
    decoded: Audio,
    rate: int,
    delay: float | None = None,
) -> Scored:
    """Return the scores by name, for those that cannot be computed the reason, and the delay.

    Both recordings are mixed to one channel, lined up (`find_delay`, once for all measures),
    resampled to the rate of each measure (`rate` where it has none of its own, say that of the
    codec), and cut to one length: the shorter's, and at most what the measure takes. Recordings
    more than 0.05 s apart, or of lengths more than 0.1 s apart, are compared only by measures that
    line up themselves. delay: seconds by which the decoded recording is known to come late, where
    what was decoded is too unlike the reference for that to be found.
    """
    chosen = [find(measure) for measure in measures]
    pair = Pair.of(reference, decoded, delay)
    scores: dict[str, float] = {}
    unscored: dict[str, str] = {}
    for measure in chosen:
        try:
            signals = pair.prepared(measure, rate)
        except MeasureError as error:
            unscored[measure.name] = str(error)
            continue
        found, reasons = score_all([measure], *signals)
        scores |= found
        unscored |= reasons
    return Scored(scores, unscored, pair.delay)


@dataclass(frozen=True)
class Pair:
    """A recording and what was decoded, one channel each, lined up if they can be."""

    reference: Audio
    decoded: Audio
    delay: float  # seconds
    fault: str | None  # why they cannot be compared sample by sample
    resampled: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)  # by rate

    @classmethod
    def of(cls, reference: Audio, decoded: Audio, delay: float | None = None) -> Pair:
        """Mix two recordings, and cut the start of the one that begins early."""
        x, y = reference.mono(), decoded.mono()
        delay = _delay(x, y) if delay is None else delay
        if abs(delay) > CAP:
            word = "late" if delay > 0 else "early"
            fault = f"the decoded recording comes {abs(delay):.3f} s {word}"
            return cls(x, y, delay, f"{fault}, and up to {CAP:g} s is put right; line both up")
        x, y = _without_start(x, -delay), _without_start(y, delay)
        return cls(x, y, delay, _of_lengths(x, y))

    def prepared(self, measure: Measure, rate: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Return what a measure takes; MeasureError with the reason if that cannot be had."""
        if self.fault and measure.reference and not measure.lines_up:
            raise MeasureError(f"{measure.name}: {self.fault}")
        if rate not in (measure.rates or (rate,)):
            rate = measure.rates[0]
        rate = max(rate, measure.min_rate)
        x, y = self._at(rate)
        most = int(min(measure.longest * rate, max(len(x), len(y))))
        if measure.reference and not self.fault:
            most = min(len(x), len(y), most)
        return x[:most], y[:most], rate

    def _at(self, rate: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the samples of both at a rate, which several measures share."""
        if rate not in self.resampled:
            self.resampled[rate] = _at(self.reference, rate), _at(self.decoded, rate)
        return self.resampled[rate]


def _at(audio: Audio, rate: int) -> np.ndarray:
    samples = audio.samples[0]
    return samples if audio.rate == rate else _resampled(samples, audio.rate, rate)


@keep  # a reference is, for one system after the other
def _resampled(samples: np.ndarray, rate: int, to: int) -> np.ndarray:
    resampled: np.ndarray = resample(samples[None], rate, to)[0]
    return resampled


def _delay(x: Audio, y: Audio) -> float:
    a, b = (audio.samples[0].astype(np.float64) for audio in (x, y.resample(x.rate)))
    size = min(a.size, b.size)
    return find_delay(a[:size], b[:size], x.rate)


def _without_start(audio: Audio, seconds: float) -> Audio:
    cut = round(seconds * audio.rate)
    return Audio(audio.samples[:, cut:], audio.rate, allow_loud=True) if cut > 0 else audio


def _of_lengths(x: Audio, y: Audio) -> str | None:
    if abs(x.seconds - y.seconds) <= LEFT_OVER:
        return None
    return (
        f"the reference lasts {x.seconds:.2f} s and the decoded recording {y.seconds:.2f} s; "
        "cut both to one length"
    )
