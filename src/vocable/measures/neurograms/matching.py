"""Find for each patch of the reference the place in the degraded neurogram that it went to.

The places rise with the patches, and the similarity of all together is the highest (dynamic
programming); a patch may be found to be lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from vocable.measures.neurograms.search import PATCHES, similarity_table
from vocable.measures.neurograms.spectrogram import Neurogram

_REACH = 60  # patches to both sides within which one is looked for

Totals = Float64[np.ndarray, " _"]  # of places


@dataclass(frozen=True)
class Place:
    """Where a patch of the reference is in the degraded neurogram."""

    start: int  # frame
    lost: bool  # whether the patch is better taken for missing


def match(reference: Neurogram, degraded: Neurogram, starts: list[int], size: int) -> list[Place]:
    """Return where each patch is, in frames of `degraded`; after its end all is at 0 dB.

    starts: the first frames of the patches in the reference, `size` frames each
    """
    windows = [_window(start, size, degraded.shape[1]) for start in starts]
    table = _table(reference, degraded, starts, size)
    totals = np.zeros_like(table)
    back = np.full(table.shape, -1)
    for i, (low, high) in enumerate(windows):
        alike = table[i, low:high]
        if i > 0:
            alike, back[i, low:high] = _chain(totals[i - 1], alike, windows[i - 1][0], low)
        totals[i, low:high] = alike
    return _trace(totals, back, *windows[-1])


def _window(start: int, size: int, frames: int) -> tuple[int, int]:
    return max(0, start - _REACH * size), min(frames, start + _REACH * size + 1)


def _table(
    reference: Neurogram, degraded: Neurogram, starts: list[int], size: int
) -> Float64[np.ndarray, "patches places"]:
    """Return the similarity of patches at places, 0 beyond where a patch is looked for."""
    frames = degraded.shape[1]
    padded = np.pad(degraded, ((0, 0), (0, size - 1)))
    table = np.zeros((len(starts), frames))
    for first in range(0, len(starts), PATCHES):
        group = starts[first : first + PATCHES]
        low, high = _window(group[0], size, frames)[0], _window(group[-1], size, frames)[1]
        patches = np.stack([reference[:, start : start + size] for start in group])
        compared = similarity_table(patches, padded[:, low : high + size - 1])
        table[first : first + len(group), low:high] = compared
    return table


def _chain(
    totals: Totals, alike: Totals, since: int, low: int
) -> tuple[Totals, Int64[np.ndarray, " _"]]:
    """Return the best totals up to this patch at places from `low` on, and where each comes from.

    totals: those up to the patch before, which lies at places from `since` on. A place that comes
    from itself says that this patch is lost.
    """
    high = low + alike.size
    earlier = totals[since : high - 1]
    best = np.maximum.accumulate(earlier)
    latest = np.maximum.accumulate(np.where(earlier >= best, np.arange(since, high - 1), 0))
    first = max(low, since + 1)  # that has a place before it
    found, origin = np.full(alike.size, -np.inf), np.full(alike.size, -1)
    found[first - low :] = alike[first - low :] + best[first - 1 - since :]
    origin[first - low :] = latest[first - 1 - since :]
    lost = totals[low:high] > found
    return np.where(lost, totals[low:high], found), np.where(lost, np.arange(low, high), origin)


def _trace(
    totals: Float64[np.ndarray, "patches places"],
    back: Int64[np.ndarray, "patches places"],
    low: int,
    high: int,
) -> list[Place]:
    """Return the places from the best of the last patch back."""
    place = low + int(np.argmax(totals[-1, low:high]))
    places = []
    for origins in back[::-1]:
        origin = int(origins[place])
        places.append(Place(place, lost=origin == place))
        place = origin
    return places[::-1]
