"""Pairs that were made of recordings: a list of them, `pairs.jsonl`, beside a folder a part."""

from __future__ import annotations

import json
from pathlib import Path

from vocable.errors import MeasureError
from vocable.evaluate.likelihood.pairs import Pair, pair_at
from vocable.evaluate.text_files import read_text

LIST = "pairs.jsonl"
_WORDS = ("name", "part", "item", "owner")
_PATHS = ("positive", "negative")


def to_line(pair: Pair, folder: Path) -> str:
    """Return a pair as a line of the list; its recordings are in the folder."""
    row = {word: getattr(pair, word) for word in _WORDS}
    row |= {word: getattr(pair, word).relative_to(folder).as_posix() for word in _PATHS}
    return json.dumps(row | {"groups": list(pair.groups)}, ensure_ascii=False)


def read(folder: Path) -> list[Pair]:
    """Return the pairs that are listed; none where there is no list."""
    path = folder / LIST
    if not path.is_file():
        return []
    lines = read_text(path).split("\n")
    return [_pair(line, folder, f"{path}:{k}") for k, line in enumerate(lines, 1) if line.strip()]


def _pair(line: str, folder: Path, where: str) -> Pair:
    try:
        row = json.loads(line)
        name, part, item, owner = (str(row[word]) for word in _WORDS)
        positive, negative = (folder / str(row[word]) for word in _PATHS)
        groups = tuple(map(str, row["groups"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MeasureError(
            f"{where}: wanted a JSON object with {', '.join((*_WORDS, *_PATHS, 'groups'))}; got "
            f"{line[:60]}"
        ) from error
    return pair_at(where, name, part, positive, negative, item, groups, owner)
