"""Find silence while a recording comes: frames near the floor of what was heard last.

What finds speech in whole recordings (measures/turns.py, speak/prepare) compares with the loud and
quiet frames of all of it; this hears only what is past, and asks whether a frame holds anything at
all, not whether it is speech.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

_ZERO = 1e-12  # power that silence counts as: -120 dB


@dataclass(frozen=True)
class Silence:
    """Which frames are silent, in dB: those within `rise` of the floor, `least` or more in a row.

    The floor is the level below which a tenth of the last `seconds` lies. Silence begins with a
    fall to `fall` below the loudest of these, or below `quiet` dB of full scale, so that a steady
    sound is none; it ends `hysteresis` higher than it may begin.
    """

    rise: float = 6.0
    hysteresis: float = 3.0
    fall: float = 15.0
    quiet: float = -50.0
    seconds: float = 3.0
    least: int = 3  # frames


class SilenceFinder:
    """Say of each frame of a stream whether it is silent, once that is certain.

    A frame that may be silent waits for those after it, `least` - 1 at most. What is said of a
    frame depends on it, on these and on what was before, not on how many frames come at a time.
    """

    def __init__(self, rule: Silence, frames_per_second: float) -> None:
        self._rule = rule
        self._levels: deque[float] = deque(maxlen=max(1, round(rule.seconds * frames_per_second)))
        self._silent, self._waiting = False, 0
        self._below = rule.quiet  # what this silence, or the next one, had to fall below

    def push(self, levels: Float[np.ndarray, " frames"]) -> Bool[np.ndarray, " settled"]:
        """Return what is certain now; levels in dB of full scale, one a frame."""
        found: list[bool] = []
        for level in levels.tolist():
            low = self._is_low(level)
            if low and not self._silent:
                self._waiting += 1
                if self._waiting < self._rule.least:
                    continue
                self._silent = True
            elif not low:
                self._silent = False
                found += [False] * self._waiting
                self._waiting = 0
            found += [low] * max(1, self._waiting)
            self._waiting = 0
        return np.array(found, bool)

    def finish(self) -> Bool[np.ndarray, " settled"]:
        """Return the last: what has not been silent long enough is not silent."""
        waiting, self._waiting = self._waiting, 0
        return np.zeros(waiting, bool)

    def _is_low(self, level: float) -> bool:
        rule = self._rule
        self._levels.append(level)
        floor = sorted(self._levels)[len(self._levels) // 10]
        more = rule.hysteresis
        if not (self._silent or self._waiting):
            self._below, more = max(rule.quiet, max(self._levels) - rule.fall), 0.0
        return level < min(self._below, floor + rule.rise) + more


class FrameLevels:
    """Levels of frames of samples, in dB of full scale, as the samples come."""

    def __init__(self, frame: int) -> None:
        self._frame = frame
        self._samples = np.zeros(0, np.float32)

    def push(self, samples: Float[np.ndarray, " samples"]) -> Float[np.ndarray, " frames"]:
        """Return the levels of the frames that are whole now."""
        joined = np.concatenate([self._samples, samples])
        whole = len(joined) - len(joined) % self._frame
        self._samples = joined[whole:]
        return _levels(joined[:whole].reshape(-1, self._frame))

    def finish(self) -> Float[np.ndarray, " frames"]:
        """Return the level of what the last frame has, if anything."""
        last, self._samples = self._samples, self._samples[:0]
        return _levels(last[None] if len(last) else np.zeros((0, self._frame)))


def _levels(frames: Float[np.ndarray, "frames samples"]) -> Float[np.ndarray, " frames"]:
    levels: np.ndarray = 10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + _ZERO)
    return levels
