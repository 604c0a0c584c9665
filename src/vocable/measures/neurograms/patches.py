"""Cut the reference into the patches that are compared."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from vocable.errors import MeasureError
from vocable.measures.checks import Samples
from vocable.measures.neurograms.spectrogram import Resolution

_QUIET = 5000.0  # root mean square below which a frame is silent, of samples with peak 32767
_HANGOVER = 3  # silent frames in a row, from the last of which on nobody speaks


def all_patches(frames: int, size: int) -> list[int]:
    """Return the first frames of patches of `size` frames, side by side, of a patch and a half.

    Up to a patch at the end belongs to none: so ViSQOL has it.
    """
    first = size // 2 - 1
    return list(range(first, max(frames - size - 1, first + 1), size))


def within(starts: list[int], frames: int, size: int) -> list[int]:
    """Return those patches that begin at most half a patch after so many frames."""
    while starts and starts[-1] - size // 2 > frames:
        starts = starts[:-1]
    return starts


def spoken_patches(reference: Samples, frames: int, size: int, resolution: Resolution) -> list[int]:
    """Return the first frames of patches in which somebody may speak."""
    first = size // 2 - 1
    count = (frames - first) // size
    speech = _spoken(reference, first, count * size, resolution.hop)
    kept = speech.reshape(count, size).any(axis=1)
    return [first + size * int(i) for i in np.flatnonzero(kept)]


def _spoken(reference: Samples, start: int, frames: int, hop: int) -> Bool[np.ndarray, " frames"]:
    """Return for each frame whether there is sound in it, or was in the two before it.

    `start`, the number of a frame, counts samples here: so ViSQOL has it.
    """
    peak = reference.max()
    if peak <= 0:
        raise MeasureError("visqol: the reference is never above 0; take its mean away")
    pieces = (reference[start : start + frames * hop] / peak).reshape(frames, hop) * 32768
    whole = np.trunc(np.clip(pieces, -32768, 32767))
    loud = np.sqrt(np.mean(np.square(whole), axis=1)) >= _QUIET
    speech = np.convolve(loud, np.ones(_HANGOVER))[:frames] > 0
    speech[: _HANGOVER - 1] = True
    return speech
