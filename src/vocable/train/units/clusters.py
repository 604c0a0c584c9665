"""Cluster the features of recordings, and tell of each frame in which cluster it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from vocable.audio import Audio
from vocable.errors import ModelError, RecipeError
from vocable.load import load_encoder
from vocable.train.data.recordings import Recordings
from vocable.train.units.labels import NONE, Labels, frame_counts, joined
from vocable.units.centres import Centres
from vocable.units.fitting import fit
from vocable.units.log_mel_frames import HOP, RATE, WINDOW
from vocable.units.tokenizer import Encodes


def open_teacher(name: str, device: torch.device) -> Encodes:
    """Return the encoder of that name; RecipeError for what gives fewer frames than units."""
    try:
        found: Encodes = load_encoder(name, device)
    except (ModelError, OSError) as error:
        raise RecipeError(
            f'targets.teacher is "{name}"; wanted phones, mfcc, log-mel or an encoder ({error})'
        ) from error
    if found.frame * RATE > HOP * found.rate:
        raise RecipeError(
            f"targets.teacher: {name} has {found.rate / found.frame:g} frames a second; wanted "
            f"{RATE // HOP} or more, a frame for each unit"
        )
    return found


def clustered(
    recordings: Mapping[str, Recordings], encoder: Encodes, layer: int, classes: int, seed: int
) -> dict[str, Labels]:
    """Return the nearest of `classes` cluster centres for each frame of each set of recordings.

    The centres are of frames of "train", so that all sets have the same classes. RecipeError for a
    layer that there is not, and for fewer frames than classes.
    """
    try:
        centres = fit(encoder, sounds(recordings["train"]), classes, layer=layer, seed=seed).centres
        return {name: _labels(own, encoder, centres) for name, own in recordings.items()}
    except ModelError as error:
        raise RecipeError(f"the classes of frames cannot be found: {error}") from error


def sounds(recordings: Recordings) -> Iterator[Audio]:
    """Yield each recording."""
    for index in range(len(recordings)):
        yield Audio(recordings.clip(index), recordings.rate)


def _labels(recordings: Recordings, encoder: Encodes, centres: Centres) -> Labels:
    found = []
    for sound, frames in zip(sounds(recordings), frame_counts(recordings), strict=True):
        (rows,) = encoder.features([sound], layer=centres.origin.layer)
        (given,) = centres.units(rows) if len(rows) else [np.zeros(0, np.int32)]
        found.append(at_middles(given, frames, encoder))
    return joined(found)


def at_middles(given: np.ndarray, frames: int, encoder: Encodes) -> np.ndarray:
    """Return the class of the encoder's frame whose middle is nearest to that of each of `frames`.

    None where no middle is within 10 ms, half of what lies between two units.
    """
    if not len(given):
        return np.full(frames, NONE)
    middles = (np.arange(frames) * HOP + WINDOW / 2) / RATE  # s
    places = (middles * encoder.rate - encoder.window / 2) / encoder.frame
    nearest = np.round(places).astype(np.int64).clip(0, len(given) - 1)
    apart = np.abs(nearest - places) * encoder.frame / encoder.rate
    return np.where(apart <= HOP / 2 / RATE, given[nearest], NONE)
