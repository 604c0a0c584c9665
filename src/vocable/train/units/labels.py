"""Classes of the frames of recordings, kept beside the run that learns them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from vocable.atomic import replacing
from vocable.errors import MeasureError, RecipeError
from vocable.measures.phones import check_within, labels_at
from vocable.train.data.recordings import Recordings
from vocable.units.log_mel_frames import HOP, WINDOW

NONE = -1  # of a frame of which no class is known


def frame_count(samples: int) -> int:
    """Return the units of so many samples: `floor((samples - 400) / 320) + 1`."""
    return max(0, (samples - WINDOW) // HOP + 1)


def frame_counts(recordings: Recordings) -> list[int]:
    """Return the units of each recording."""
    return [frame_count(int(last - first)) for first, last in recordings.spans]


class Labels:
    """A class for each frame of each recording, int16, one recording behind the other."""

    def __init__(self, values: np.ndarray, lengths: Sequence[int]) -> None:
        self.values, self.edges = values, np.concatenate([[0], np.cumsum(lengths)])

    @cached_property
    def known(self) -> Bool[np.ndarray, " recordings"]:
        """Which recordings have a class for some frame."""
        return np.array([bool((self.of(k) != NONE).any()) for k in range(len(self.edges) - 1)])

    def of(self, index: int) -> np.ndarray:
        """Return the classes of one recording, `[frames]`."""
        return self.values[self.edges[index] : self.edges[index + 1]]

    def at(self, recordings: np.ndarray, frames: np.ndarray) -> np.ndarray:
        """Return the class of each frame of a recording, int64; NONE for recording -1."""
        found = self.values[self.edges[np.maximum(recordings, 0)] + frames]
        return np.where(recordings < 0, NONE, found).astype(np.int64)


def joined(found: Sequence[np.ndarray]) -> Labels:
    """Return the labels of recordings by those of each one."""
    return Labels(np.concatenate(found).astype(np.int16), [len(each) for each in found])


def stated(recordings: Mapping[str, Recordings], classes: int) -> dict[str, Labels]:
    """Return the number of the phone at the middle of each frame, of all phones in their order.

    A frame of which the manifest states no phone has no class.
    """
    clips = [clip for own in recordings.values() for clip in own.clips]
    names = sorted({label for clip in clips for _, _, label in clip.phones})
    if not 0 < len(names) <= classes:
        raise RecipeError(
            f"the manifest states {len(names)} phones, targets.classes is {classes}; wanted 1 "
            "phone or more, and as many classes"
        )
    number = {name: k for k, name in enumerate(names)}
    return {
        name: joined([_phones_of(own, k, number) for k in range(len(own))])
        for name, own in recordings.items()
    }


def _phones_of(recordings: Recordings, index: int, number: Mapping[str, int]) -> np.ndarray:
    first, last = recordings.spans[index]
    samples, clip = int(last - first), recordings.clips[index]
    times = (np.arange(frame_count(samples)) * HOP + WINDOW / 2) / recordings.rate
    try:
        check_within(clip.phones, samples / recordings.rate)
        found = labels_at(clip.phones, times)
    except MeasureError as error:
        raise RecipeError(f"{clip.path}: {error}") from error
    return np.array([number.get(label, NONE) for label in found], np.int16)


def filled(
    recordings: Mapping[str, Recordings],
    known: Mapping[str, Labels],
    tell: Callable[[np.ndarray], np.ndarray],
) -> dict[str, Labels]:
    """Return labels with those that `tell` gives where none is known."""
    return {name: joined([_filled(own, k, known[name], tell) for k in range(len(own))])
            for name, own in recordings.items()}  # fmt: skip


def _filled(recordings: Recordings, index: int, known: Labels, tell: Any) -> np.ndarray:
    stated = known.of(index)
    if (stated != NONE).all():
        return stated
    return np.where(stated == NONE, tell(np.array(recordings.clip(index))), stated)


def save(labels: Labels, path: Path, about: str) -> None:
    """Write labels whole or not at all. about: what they were made by."""
    with replacing(path, overwrite=True) as fresh:
        np.savez(fresh.open("wb"), values=labels.values, edges=labels.edges, about=about)


def load(path: Path, recordings: Recordings, about: str) -> Labels | None:
    """Return the labels of just these recordings, made by just this; None where there are none."""
    try:
        with np.load(path) as stored:
            values, edges, made = stored["values"], stored["edges"], str(stored["about"])
    except (OSError, ValueError, KeyError):
        return None
    lengths = frame_counts(recordings)
    fits = made == about and np.array_equal(np.diff(edges), lengths)
    return Labels(values, lengths) if fits else None
