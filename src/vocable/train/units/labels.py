"""Classes of the frames of recordings, kept beside the run that learns them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vocable.atomic import replacing
from vocable.errors import MeasureError, RecipeError
from vocable.measures.phones import check_within, labels_at
from vocable.quantize.learn.clustering import cluster
from vocable.quantize.search import nearest, prepare
from vocable.signal import kaldi
from vocable.train.data.recordings import Recordings
from vocable.units.log_mel_frames import HOP, WINDOW

NONE = -1  # of a frame of which no class is known
_FITTED = 200_000  # frames that clusters are found on, evenly over all

Features = Callable[[Tensor], Tensor]  # samples [1, time] to [frames, channels]


def frame_count(samples: int) -> int:
    """Return the units of so many samples: `floor((samples - 400) / 320) + 1`."""
    return max(0, (samples - WINDOW) // HOP + 1)


class Labels:
    """A class for each frame of each recording, int16; `of(k)` are those of recording k."""

    def __init__(self, values: np.ndarray, lengths: Sequence[int]) -> None:
        self.values, self.edges = values, np.concatenate([[0], np.cumsum(lengths)])

    def of(self, index: int) -> np.ndarray:
        """Return the classes of one recording, `[frames]`."""
        return self.values[self.edges[index] : self.edges[index + 1]]

    def histogram(self, classes: int) -> np.ndarray:
        """Return how many frames each class has."""
        return np.bincount(self.values[self.values != NONE], minlength=classes)


def mfcc(samples: Tensor) -> Tensor:
    """Return the 39 cepstra and slopes of every second frame of 10 ms, as HuBERT's first targets.

    samples: `[1, time]`; `[frames, 39]`.
    """
    return kaldi.with_deltas(kaldi.mfcc(samples))[0, ::2]


@torch.no_grad()
def clustered(
    recordings: Mapping[str, Recordings], features: Features, classes: int, seed: int
) -> dict[str, Labels]:
    """Return the nearest of `classes` cluster centres for each frame of each set of recordings.

    The centres are found on frames of "train", so that all sets have the same classes.
    """
    table = prepare(centres_of(some_frames(recordings["train"], features), classes, seed))
    none = np.zeros(0, np.int16)
    found = {}
    for name, own in recordings.items():
        each = {k: nearest(rows, table).numpy() for k, rows in _all(own, features)}
        found[name] = _labels([each.get(k, none) for k in range(len(own))], own)
    return found


def some_frames(recordings: Recordings, features: Features) -> Tensor:
    """Return the features of some 200 000 frames, evenly over all, `[frames, channels]`."""
    frames = sum(frame_count(int(b - a)) for a, b in recordings.spans)
    every = max(1, frames // _FITTED)
    return torch.cat([each[::every] for _, each in _all(recordings, features)])


def centres_of(rows: Tensor, classes: int, seed: int) -> Tensor:
    """Return cluster centres `[classes, channels]`; RecipeError for fewer rows."""
    if len(rows) < classes:
        raise RecipeError(
            f"{len(rows)} frames cannot make {classes} clusters; give more recordings"
        )
    return cluster(rows, classes, seed=seed).centres.float()


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
        name: _labels([_phones_of(own, k, number) for k in range(len(own))], own)
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


def save(labels: Labels, path: Path) -> None:
    """Write labels whole or not at all."""
    with replacing(path, overwrite=True) as fresh:
        np.savez(fresh.open("wb"), values=labels.values, edges=labels.edges)


def load(path: Path, recordings: Recordings) -> Labels | None:
    """Return the labels of just these recordings; None where there are none."""
    try:
        with np.load(path) as stored:
            values, edges = stored["values"], stored["edges"]
    except (OSError, ValueError, KeyError):
        return None
    lengths = [frame_count(int(b - a)) for a, b in recordings.spans]
    return Labels(values, lengths) if np.array_equal(np.diff(edges), lengths) else None


def _all(recordings: Recordings, features: Features) -> Iterator[tuple[int, Tensor]]:
    for index in range(len(recordings)):
        samples = torch.from_numpy(recordings.clip(index))
        count = frame_count(samples.shape[1])
        if count:
            yield index, features(samples)[:count]


def _labels(found: Sequence[np.ndarray], recordings: Recordings) -> Labels:
    lengths = [frame_count(int(b - a)) for a, b in recordings.spans]
    for index, (each, wanted) in enumerate(zip(found, lengths, strict=True)):
        if len(each) != wanted:
            raise RecipeError(
                f"the teacher gives {len(each)} classes for recording {index}, which has {wanted} "
                "frames of 20 ms; it must have 50 a second, of 25 ms each"
            )
    return Labels(np.concatenate(found).astype(np.int16), lengths)
