"""Folders of recordings for benchmarks.corpus, all of them pieces of the example."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.recording import example

SHORTEST, LONGEST = 3.0, 12.0  # seconds
DIFFERENT = 64  # recordings of a long corpus, which come again and again


def write_recordings(folder: Path, count: int, rate: int) -> float:
    """Write FLAC files of random parts of the example, and return their seconds."""
    folder.mkdir(parents=True)
    samples, draw = np.tile(example(rate), 4), np.random.default_rng(0)
    total = 0
    for number in range(count):
        length = int(draw.integers(int(SHORTEST * rate), int(LONGEST * rate)))
        start = int(draw.integers(0, samples.size - length))
        soundfile.write(folder / f"{number:06d}.flac", samples[start : start + length], rate)
        total += length
    return total / rate


def repeated(folder: Path, seconds: float, rate: int) -> float:
    """Fill a folder with so many seconds of hard links to a few recordings; return the seconds."""
    once = write_recordings(folder, DIFFERENT, rate)
    for turn in range(1, round(seconds / once)):
        for number in range(DIFFERENT):
            os.link(folder / f"{number:06d}.flac", folder / f"{turn:06d}-{number:02d}.flac")
    return once * max(1, round(seconds / once))
