"""Count the utterances that PESQ may find in a recording, never fewer than it does.

P.862 cuts the reference into 4 ms frames and calls frames over a threshold speech; it drops runs of
at most 4 frames, joins runs at most 50 frames apart, and takes what lasts from 46 frames up as an
utterance. Its threshold follows from the levels of the whole recording, so the most over all
thresholds is counted here.
"""

import numpy as np
from jaxtyping import Bool, Float64

from vocable.measures.checks import Samples

FRAMES = 250  # a second
_BLIP, _PAUSE, _SHORTEST = 4, 50, 46  # frames
_THRESHOLDS = 10.0 ** (np.arange(-40, 0) / 10)  # of the loudest frame's power
_BAND = (200.0, 4000.0)  # Hz: PESQ listens for speech in about this band


def most_utterances(x: Samples, rate: int) -> int:
    """Return the most utterances at any threshold, in the whole band and in that of speech.

    Takes `[samples]` at 8 or 16 kHz. The 50 that the ITU's code has tables for need 19.4 s at
    least: 46 frames of speech and 51 of pause each.
    """
    powers = [_frame_powers(signal, rate) for signal in (x, _band_passed(x, rate))]
    return max(_count(power > power.max() * t) for power in powers for t in _THRESHOLDS)


def _frame_powers(x: Samples, rate: int) -> Float64[np.ndarray, " frames"]:
    size = rate // FRAMES
    frames = x[: x.size // size * size].reshape(-1, size)
    powers: Float64[np.ndarray, " frames"] = np.square(frames).mean(axis=1)
    return powers


def _band_passed(x: Samples, rate: int) -> Samples:
    size = -(-x.size // rate) * rate  # whole seconds: a prime length takes ten times as long
    spectrum, hz = np.fft.rfft(x, size), np.fft.rfftfreq(size, 1 / rate)
    spectrum[(hz < _BAND[0]) | (hz > _BAND[1])] = 0
    return np.fft.irfft(spectrum, size)[: x.size]


def _count(loud: Bool[np.ndarray, " frames"]) -> int:
    steps = np.diff(loud.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    kept = ends - starts > _BLIP
    starts, ends = starts[kept], ends[kept]
    if not starts.size:
        return 0
    apart = starts[1:] - ends[:-1] > _PAUSE
    starts, ends = starts[np.append(True, apart)], ends[np.append(apart, True)]
    return int((ends - starts >= _SHORTEST).sum())
