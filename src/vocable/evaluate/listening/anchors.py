"""Make the anchors of a listening test: the reference without its high frequencies.

Recommendation ITU-R BS.1534-3 asks for two, of 3.5 kHz and 7 kHz, which hold the ends of the scale
in place from test to test. Of the filter of the first it says: a ripple of at most 0.1 dB below
3.5 kHz, at least 25 dB less at 4 kHz, and 50 dB less at 4.5 kHz. Both here lose 60 dB within
500 Hz, and come neither late nor early.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from vocable.audio import Audio

LOW, MID = "anchor 3.5 kHz", "anchor 7 kHz"
CUTOFFS = {LOW: 3500, MID: 7000}  # Hz up to which they are the reference
WIDTH, LOSS = 500, 60.0  # Hz above it, within which it falls by so many dB


def anchors_of(reference: Audio) -> dict[str, Audio]:
    """Return the anchors by name: those that leave something out at the reference's rate."""
    possible = {name: hz for name, hz in CUTOFFS.items() if 2 * (hz + WIDTH) <= reference.rate}
    return {name: low_pass(reference, hz) for name, hz in possible.items()}


def low_pass(audio: Audio, cutoff: int) -> Audio:
    """Return what lies below `cutoff` Hz, as long as before."""
    taps = _taps(cutoff, audio.rate)
    channels = [
        np.convolve(one.astype(np.float64), taps)[taps.size // 2 :] for one in audio.samples
    ]
    samples = np.stack(channels)[:, : len(audio)].astype(np.float32)
    return Audio(samples, audio.rate, allow_loud=True)


def _taps(cutoff: int, rate: int) -> Float64[np.ndarray, "_"]:
    """Return the taps of a filter of linear phase, by Kaiser's window and his formulas for it."""
    half = int(np.ceil((LOSS - 7.95) / (2.285 * 2 * np.pi * WIDTH / rate) / 2))
    middle = 2 * (cutoff + WIDTH / 2) / rate
    window = np.kaiser(2 * half + 1, 0.1102 * (LOSS - 8.7))
    taps = np.sinc(middle * np.arange(-half, half + 1)) * window
    found: np.ndarray = taps / taps.sum()
    return found
