"""Stretches of a recording in which somebody speaks without a pause, to 10 ms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from vocable.speak.prepare.activity import SECONDS
from vocable.speak.prepare.scan import TICK, Scan
from vocable.speak.prepare.settings import RATE

_ON, _OFF = 0.5, 0.35  # probability at which speech begins, and below which it ends
_PAUSE = 0.15  # below which there is surely none
_SHORTEST = 0.1  # seconds: a click is shorter
_TICK = TICK / RATE  # seconds
_REACH = 0.15  # seconds around an edge, within which the sound itself says where it begins
_LATE = 0.25  # seconds by which the end may have been found too late
_AROUND = 5.0  # seconds around a stretch, whose pauses say how quiet it is there
_SPEECH_OVER = 0.3  # of the way from the noise to the speech, in dB: where speech begins
_DEEPEST = 50.0  # dB below speech, where it ends at the latest


@dataclass(frozen=True)
class Stretch:
    """Seconds of a recording."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def stretches(scan: Scan, pause: float) -> list[Stretch]:
    """Return where somebody speaks, parted by pauses of so many seconds at least.

    The network says roughly where, the power of the sound moves each edge to where it begins.
    """
    sound = _Sound(scan)
    found: list[Stretch] = []
    for each in map(sound.edged, _rough(scan.speech, scan.seconds)):
        if found and each.begin - found[-1].end < pause:
            found[-1] = replace(found[-1], end=max(each.end, found[-1].end))
        else:
            found.append(each)
    return [each for each in found if each.seconds >= _SHORTEST]


def _rough(speech: Float[np.ndarray, " frames"], seconds: float) -> list[Stretch]:
    """Speech begins at one probability and ends at a lower one, as its makers do it."""
    found, begin = [], None
    for n, probability in enumerate([*speech.tolist(), 0.0]):
        if begin is None and probability >= _ON:
            begin = n
        elif begin is not None and probability < _OFF:
            found.append(Stretch(begin * SECONDS, min(n * SECONDS, seconds)))
            begin = None
    return found


class _Sound:
    """The levels of a recording in dB, each 10 ms, and which of them lie in pauses."""

    def __init__(self, scan: Scan) -> None:
        self._powers = scan.powers
        self._levels = 10 * np.log10(scan.powers + 1e-12)
        self._pauses = pause_ticks(scan)

    def edged(self, rough: Stretch) -> Stretch:
        """Return a stretch with its edges moved to where the sound itself begins and ends."""
        least = self._threshold(rough)
        begins = self._louder(least, rough.begin - _REACH, rough.begin + _REACH)
        ends = self._louder(least, rough.end - _LATE, rough.end + _REACH)
        begin = begins[0] if begins.size else rough.begin
        end = ends[-1] + 2 * _TICK if ends.size else rough.end
        return Stretch(float(begin), float(end)) if end > begin else rough

    def _threshold(self, rough: Stretch) -> float:
        """Return the level over that of the pauses around, at which speech begins."""
        top = 10 * np.log10(self._powers[self._within(rough.begin, rough.end)].mean() + 1e-12)
        near = self._within(rough.begin - _AROUND, rough.end + _AROUND)
        quiet = self._levels[near][self._pauses[near]]
        floor = max(float(np.median(quiet)) if quiet.size else -np.inf, top - _DEEPEST)
        return float(floor + _SPEECH_OVER * (top - floor))

    def _louder(self, least: float, begin: float, end: float) -> Float[np.ndarray, " times"]:
        """Return the times between two at which two ticks in a row are louder."""
        within = self._within(begin, end)
        loud = self._levels[within] > least
        times: np.ndarray = (within.start + np.flatnonzero(loud[:-1] & loud[1:])) * _TICK
        return times

    def _within(self, begin: float, end: float) -> slice:
        first, last = (min(max(0, round(each / _TICK)), self._levels.size) for each in (begin, end))
        return slice(first, last)


def pause_ticks(scan: Scan) -> Bool[np.ndarray, " ticks"]:
    """Return which ticks lie in frames that are hardly speech."""
    frames = (np.arange(scan.powers.size) * _TICK / SECONDS).astype(int)
    return np.asarray(scan.speech[np.minimum(frames, scan.speech.size - 1)] < _PAUSE)
