"""Read and write units as lines of text: HuBERT's `.km`, and GSLM's `name|units`.

`.km` has one recording a line, ids between spaces, in the order of a manifest beside it. The other
names each recording itself; a name may hold a `|`, units do not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32

from vocable.atomic import replacing
from vocable.errors import TokenError

Units = Int32[np.ndarray, " tokens"]
_LARGEST = (1 << 24) - 1  # a codebook has no more entries
_ID = re.compile(r"\d{1,9}", re.ASCII)


def read_km(path: str | os.PathLike[str]) -> list[Units]:
    """Return the units of each line; an empty line is a recording without any.

    TokenError names the line that holds something else.
    """
    return [_units(line, where) for line, where in _lines(path)]


def write_km(
    path: str | os.PathLike[str], recordings: Iterable[Iterable[Any]], *, overwrite: bool = False
) -> None:
    """Write one line of units for each recording, whole or not at all."""
    _write(path, (_joined(units) for units in recordings), overwrite)


def read_named_units(path: str | os.PathLike[str]) -> dict[str, Units]:
    """Return units by the names of their recordings, in the order of the file.

    TokenError names the line without a name, with one that came before, or with something else
    than units.
    """
    found: dict[str, Units] = {}
    for line, where in _lines(path):
        name, bar, units = line.rpartition("|")
        if not bar or not name:
            raise TokenError(f"{where}: wanted name|units, as in talk|17 17 296; got {line[:60]!r}")
        if name in found:
            raise TokenError(f"{where}: {name} came before; name each recording once")
        found[name] = _units(units, where)
    return found


def write_named_units(
    path: str | os.PathLike[str], units: Mapping[str, Iterable[Any]], *, overwrite: bool = False
) -> None:
    """Write a line `name|units` for each recording, whole or not at all."""
    for name in units:
        if not name or "\n" in name or "\r" in name:
            raise TokenError(f"a recording needs a name of one line, got {name!r}")
    _write(path, (f"{name}|{_joined(each)}" for name, each in units.items()), overwrite)


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file, and where each is."""
    text = read_text(path)
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else [], 1):
        yield line.removesuffix("\r"), f"{path}:{number}"


def read_text(path: str | os.PathLike[str]) -> str:
    """Return a text file; TokenError where it is none."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TokenError(
            f"{path} is not text in UTF-8 ({error.reason} at byte {error.start})"
        ) from error


def _units(line: str, where: str) -> Units:
    words = line.split()
    for place, word in enumerate(words, 1):
        if not _ID.fullmatch(word) or int(word) > _LARGEST:
            raise TokenError(
                f"{where}: units are numbers from 0 to {_LARGEST}, got {word[:20]!r} "
                f"as number {place}"
            )
    return np.array(words, np.int32)


def _joined(units: Iterable[Any]) -> str:
    return " ".join(str(int(unit)) for unit in units)


def _write(path: str | os.PathLike[str], lines: Iterable[str], overwrite: bool) -> None:
    with (
        replacing(path, overwrite=overwrite) as fresh,
        open(fresh, "w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(f"{line}\n" for line in lines)
