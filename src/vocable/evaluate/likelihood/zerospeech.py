"""sWUGGY, sBLIMP and their kind as ZeroSpeech publishes them: `gold.csv` beside its recordings.

"The Zero Resource Speech Benchmark 2021" (Nguyen et al. 2020, arXiv:2011.11588); the columns and
the rules are those of `zerospeech/tasks/lm` in github.com/zerospeech/benchmarks. A word and a
non-word, a right and a wrong sentence, are a pair in each voice; voices are averaged first. Bands
of frequency are cut as the code there does it, whose names "1-5", "6-20", "21-100" are not what
they hold: 5, 20 and 100 go to the next band.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from vocable.errors import MeasureError
from vocable.evaluate.likelihood.pairs import Pair

GOLD = "gold.csv"
BANDS = ((1, "oov"), (5, "1-4"), (20, "5-19"), (100, "20-99"))  # occurrences in LibriSpeech, below
OFTEN, IN_VOCABULARY = "100+", "in vocabulary"
_KEY = ("type", "subtype", "id", "voice")  # columns; not all of them are in every list
_NEEDS = ("id", "filename", "correct")

Row = Mapping[str, str]


def read(folder: Path) -> list[Pair]:
    """Return the pairs of all lists in a folder; a part is named by where its list is."""
    return [pair for path in sorted(folder.rglob(GOLD)) for pair in _list(path, folder)]


def _list(path: Path, folder: Path) -> list[Pair]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or any(name not in rows[0] for name in _NEEDS):
        return []  # of another task, as the distances of semantic/
    part = path.parent.relative_to(folder).as_posix()
    part = path.resolve().parent.name if part == "." else part
    sides: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        key = tuple(row.get(name) or "" for name in _KEY)
        if sides.setdefault(key, {}).setdefault(row["correct"], row) is not row:
            raise MeasureError(f"{path} lists {_spoken(key)} twice; unpack it again")
    return [_pair(path, part, key, both) for key, both in sides.items()]


def _pair(path: Path, part: str, key: tuple[str, ...], sides: Mapping[str, Row]) -> Pair:
    if set(sides) != {"0", "1"}:
        raise MeasureError(
            f"{path}: {_spoken(key)} has a recording with correct = {' '.join(sorted(sides))} "
            "alone, wanted one with 1 and one with 0; unpack it again"
        )
    right, wrong = (path.parent / f"{sides[side]['filename']}.wav" for side in "10")
    item = " ".join(key[:-1]).strip()
    return Pair(f"{part}/{right.stem}", part, right, wrong, item, _groups(sides["1"]))


def _spoken(key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(_KEY, key, strict=True) if value)


def _groups(row: Row) -> tuple[str, ...]:
    """Return the band of a word, and whether it is in the vocabulary; the type of a sentence."""
    if row.get("type"):
        return (row["type"],)
    if not row.get("frequency"):
        return ()
    count = int(float(row["frequency"]))
    band = next((name for below, name in BANDS if count < below), OFTEN)
    return (band,) if count < 1 else (band, IN_VOCABULARY)
