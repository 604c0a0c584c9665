"""SALMon as it is published: a folder for each part, `sample_N_0.wav` against `sample_N_1.wav`.

"A Suite for Acoustic Language Model Evaluation" (Maimon, Roth, Adi 2024, arXiv:2409.07437); the
layout is that of `salmon.py` in github.com/slp-rl/salmon.
"""

from __future__ import annotations

import re
from pathlib import Path

from vocable.errors import MeasureError
from vocable.evaluate.likelihood.pairs import Pair

_SAMPLE = re.compile(r"sample_(\d+)_(\d+)\.wav")


def read(folder: Path) -> list[Pair]:
    """Return the pairs of all parts in a folder, or of the one part that it is."""
    parts = [folder, *sorted(each for each in folder.iterdir() if each.is_dir())]
    return [pair for part in parts for pair in _part(part)]


def _part(folder: Path) -> list[Pair]:
    samples: dict[int, dict[int, Path]] = {}
    for path in folder.glob("sample_*.wav"):
        if found := _SAMPLE.fullmatch(path.name):
            samples.setdefault(int(found[1]), {})[int(found[2])] = path
    for number, sides in samples.items():
        if set(sides) != {0, 1}:
            raise MeasureError(
                f"{folder}: sample {number} has the sides {sorted(sides)}, wanted 0 and 1; "
                "unpack it again"
            )
    return [
        Pair(f"{folder.name}/{number}", folder.name, sides[0], sides[1], str(number))
        for number, sides in sorted(samples.items())
    ]
