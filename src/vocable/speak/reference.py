"""What is doubtful about a recording that a voice is taken from: no speech in it, or two voices."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np

from vocable.audio import Voice
from vocable.speak.embedding import OWN, find_embedding
from vocable.speak.prepare.activity import load_activity
from vocable.speak.prepare.scan import scan
from vocable.speak.prepare.stretches import stretches

_PART = 3.0  # seconds that are compared
# Least cosine of a part to the mean of all. Of 32 recordings of one speaker none was below 0.95; of
# 448 pairs of them joined, of two speakers, three quarters were below this (docs/log.md).
_ONE = 0.92
_PAUSE, _RATE = 0.2, 16_000  # seconds; the lowest rate of a voice, in Hz


def doubts(path: Path, voice: Voice) -> list[str]:
    """Return a line for each doubt about the voice in a file; none where all is well."""
    if not stretches(scan(path, load_activity("energy"), _RATE), _PAUSE):
        return [f"{path}: no speech is found in it; is it music or noise?"]
    if (least := _least(voice)) < _ONE:
        return [
            f"{path}: its parts have unlike voices (likeness {least:.2f}, of one speaker "
            f"{_ONE:g} or more); cut out the one that is meant"
        ]
    return []


def _least(voice: Voice) -> float:
    """Return the cosine to the mean of the part of a voice that is least like it."""
    embed, audio = find_embedding(OWN), voice.audio
    count = ceil(audio.seconds / _PART)
    parts = np.array_split(audio.samples[0], count)
    vectors = np.array([embed(part, audio.rate) for part in parts], np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    mean = vectors.mean(axis=0)
    return float((vectors @ mean).min() / np.linalg.norm(mean))
