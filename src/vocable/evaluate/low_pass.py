"""Take the high frequencies from a recording, as the anchors of BS.1534 do.

Of the filter of its low anchor Recommendation ITU-R BS.1534-3 (5.1) says: a ripple of at most
0.1 dB below 3.5 kHz, at least 25 dB less at 4 kHz, and 50 dB less at 4.5 kHz. Filters here lose
60 dB within 500 Hz, have linear phase, and make nothing late or early.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from vocable.audio import Audio

WIDTH = 500  # Hz above the cut, within which 60 dB are lost
_BETA = 5.653  # of Kaiser's window: 60 dB (0.1102 · (60 - 8.7))
_TAPS = (60 - 7.95) / 14.36  # times the rate over the width: his formula for their number


def low_pass(audio: Audio, cutoff: int) -> Audio:
    """Return what lies below `cutoff` Hz, as long as before.

    A recording of too low a rate for the filter (less than twice the cut and its width) stays as
    it is.
    """
    if audio.rate < 2 * (cutoff + WIDTH):
        return audio
    taps = low_pass_taps(cutoff, audio.rate)
    size = len(audio) + taps.size - 1
    spectrum = np.fft.rfft(audio.samples, size) * np.fft.rfft(taps, size)
    filtered = np.fft.irfft(spectrum, size)[:, taps.size // 2 :][:, : len(audio)]
    return Audio(filtered.astype(np.float32), audio.rate, allow_loud=True)


def low_pass_taps(cutoff: int, rate: int) -> Float64[np.ndarray, " taps"]:
    """Return the filter's taps, an odd number, symmetric, of sum 1 (Kaiser's window)."""
    half = int(np.ceil(_TAPS * rate / WIDTH / 2))
    middle = (2 * cutoff + WIDTH) / rate  # twice the edge over the rate
    taps = np.sinc(middle * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, _BETA)
    scaled: np.ndarray = taps / taps.sum()
    return scaled
