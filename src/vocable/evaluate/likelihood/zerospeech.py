"""sWUGGY, sBLIMP and their kind as ZeroSpeech publishes them: `gold.csv` beside its recordings.

"The Zero Resource Speech Benchmark 2021" (Nguyen et al. 2020, arXiv:2011.11588); the columns and
the rules are those of `zerospeech/tasks/lm` in github.com/zerospeech/benchmarks. A word and a
non-word, a right and a wrong sentence, are a pair in each voice; voices are averaged first. Bands
of frequency are cut as the code there does it, whose names "1-5", "6-20", "21-100" are not what
they hold: 5, 20 and 100 go to the next band.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vocable.errors import MeasureError
from vocable.evaluate.likelihood.pairs import Pair, pair_at
from vocable.evaluate.text_files import read_text

GOLD = "gold.csv"
BANDS = ((1, "oov"), (5, "1-4"), (20, "5-19"), (100, "20-99"))  # occurrences in LibriSpeech, below
OFTEN, IN_VOCABULARY = "100+", "in vocabulary"
_KEY = ("type", "subtype", "id", "voice")  # columns; not all of them are in every list
_NEEDS = ("id", "filename", "correct")


@dataclass(frozen=True)
class _Row:
    """A recording of a list by its columns, and the line that says so."""

    where: str
    facts: Mapping[str, str]


def read(folder: Path) -> list[Pair]:
    """Return the pairs of all lists in a folder; a part is named by where its list is."""
    return [pair for path in sorted(folder.rglob(GOLD)) for pair in _list(path, folder)]


def _list(path: Path, folder: Path) -> list[Pair]:
    sides: dict[tuple[str, ...], dict[str, _Row]] = {}
    for row in _rows(path):
        key = tuple(row.facts.get(name) or "" for name in _KEY)
        if sides.setdefault(key, {}).setdefault(row.facts["correct"], row) is not row:
            raise MeasureError(f"{row.where}: lists {_spoken(key)} twice; unpack it again")
    part = path.parent.relative_to(folder).as_posix()
    part = path.resolve().parent.name if part == "." else part
    return [_pair(path, part, key, both) for key, both in sides.items()]


def _rows(path: Path) -> list[_Row]:
    """Return the rows of a list; none of another task's, as the distances of semantic/."""
    lines = csv.DictReader(io.StringIO(read_text(path), newline=""))
    try:
        if any(name not in (lines.fieldnames or ()) for name in _NEEDS):
            return []
        rows = [_Row(f"{path}:{lines.line_num}", facts) for facts in lines]
    except csv.Error as error:
        raise MeasureError(f"{path}:{lines.line_num}: {error}; unpack it again") from error
    for row in rows:
        if None in row.facts or None in row.facts.values():
            raise MeasureError(f"{row.where}: has not the columns of line 1; unpack it again")
    return rows


def _pair(path: Path, part: str, key: tuple[str, ...], sides: Mapping[str, _Row]) -> Pair:
    if set(sides) != {"0", "1"}:
        raise MeasureError(
            f"{path}: {_spoken(key)} has a recording with correct = {' '.join(sorted(sides))} "
            "alone, wanted one with 1 and one with 0; unpack it again"
        )
    right, wrong = (path.parent / f"{sides[side].facts['filename']}.wav" for side in "10")
    item, row = " ".join(key[:-1]).strip(), sides["1"]
    return pair_at(row.where, f"{part}/{right.stem}", part, right, wrong, item, _groups(row))


def _spoken(key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(_KEY, key, strict=True) if value)


def _groups(row: _Row) -> tuple[str, ...]:
    """Return the band of a word, and whether it is in the vocabulary; the type of a sentence."""
    if kind := row.facts.get("type"):
        return (kind,)
    if not (frequency := row.facts.get("frequency")):
        return ()
    try:
        count = int(float(frequency))
    except (ValueError, OverflowError) as error:  # no number, nan; infinity
        raise MeasureError(
            f'{row.where}: wanted a number as frequency, got "{frequency[:60]}"; unpack it again'
        ) from error
    band = next((name for below, name in BANDS if count < below), OFTEN)
    return (band,) if count < 1 else (band, IN_VOCABULARY)
