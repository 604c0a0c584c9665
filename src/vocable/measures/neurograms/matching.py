"""Find for each patch of the reference the place in the degraded neurogram that it went to.

The places rise with the patches, and the similarity of all together is the highest (dynamic
programming); a patch may be found to be lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from vocable.measures.neurograms.nsim import similarities
from vocable.measures.neurograms.spectrogram import Neurogram

_REACH = 60  # patches to both sides within which one is looked for
_CHUNK = 64  # places compared at a time


@dataclass(frozen=True)
class Place:
    """Where a patch of the reference is in the degraded neurogram."""

    start: int  # frame
    lost: bool  # whether the patch is better taken for missing


def match(reference: Neurogram, degraded: Neurogram, starts: list[int], size: int) -> list[Place]:
    """Return where each patch is, in frames of `degraded`; after its end all is at 0 dB.

    starts: the first frames of the patches in the reference, `size` frames each
    """
    frames = degraded.shape[1]
    padded = np.pad(degraded, ((0, 0), (0, size - 1)))
    places = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1).transpose(1, 0, 2)
    totals = np.zeros((len(starts), frames))
    back = np.zeros((len(starts), frames), dtype=np.int64)
    for i, start in enumerate(starts):
        low, high = _window(start, size, frames)
        alike = _similarity_at(reference[:, start : start + size], places[low:high])
        back[i, low:high] = -1
        if i > 0:
            since = _window(starts[i - 1], size, frames)[0]
            alike, back[i, low:high] = _chain(totals[i - 1], alike, since, low)
        totals[i, low:high] = alike
    return _trace(totals, back, starts, size)


def kept(starts: list[int], frames: int, size: int) -> list[int]:
    """Return those patches that begin at most half a patch after the end of the degraded."""
    while starts and starts[-1] - size // 2 > frames:
        starts = starts[:-1]
    return starts


def _window(start: int, size: int, frames: int) -> tuple[int, int]:
    return max(0, start - _REACH * size), min(frames, start + _REACH * size + 1)


def _similarity_at(
    patch: Neurogram, places: Float64[np.ndarray, "places bands frames"]
) -> Float64[np.ndarray, " places"]:
    parts = range(0, len(places), _CHUNK)
    return np.concatenate(
        [similarities(patch[None], places[i : i + _CHUNK]).mean(axis=(1, 2)) for i in parts]
    )


def _chain(
    totals: Float64[np.ndarray, " frames"],
    alike: Float64[np.ndarray, " places"],
    since: int,
    low: int,
) -> tuple[Float64[np.ndarray, " places"], Int64[np.ndarray, " places"]]:
    """Return the best totals up to this patch at places from `low` on, and where each comes from.

    A place that comes from itself says that this patch is lost.
    """
    high = low + alike.size
    before = np.maximum.accumulate(totals[since : high - 1])
    latest = np.where(totals[since : high - 1] >= before, np.arange(since, high - 1), 0)
    latest = np.maximum.accumulate(latest)
    found, origin = np.full(alike.size, -np.inf), np.full(alike.size, -1)
    first = max(low, since + 1)
    found[first - low :] = alike[first - low :] + before[first - 1 - since :]
    origin[first - low :] = latest[first - 1 - since :]
    here = totals[low:high]
    lost = here > found
    return np.where(lost, here, found), np.where(lost, np.arange(low, high), origin)


def _trace(
    totals: Float64[np.ndarray, "patches frames"],
    back: Int64[np.ndarray, "patches frames"],
    starts: list[int],
    size: int,
) -> list[Place]:
    low, high = _window(starts[-1], size, totals.shape[1])
    place = low + int(np.argmax(totals[-1, low:high]))
    places = []
    for origins in back[::-1]:
        origin = int(origins[place])
        places.append(Place(place, lost=origin == place))
        place = origin
    return places[::-1]
