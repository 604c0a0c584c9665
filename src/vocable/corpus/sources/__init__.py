"""Where the recordings of a corpus come from, cut into pieces of work.

files       a folder, a manifest, a list of paths or addresses
tars        as WebDataset writes them
tables      Parquet, and the Arrow files of `datasets`
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vocable.audio.formats import READABLE
from vocable.corpus.addresses import is_address
from vocable.corpus.entry import Entry, Recordings
from vocable.corpus.pieces import Piece, check_seal, of_files, of_holders
from vocable.corpus.sources import files, tables, tars
from vocable.errors import RecipeError
from vocable.folders import ending_of, search

READERS: dict[str, Callable[[Piece], Recordings]] = {
    "files": files.read,
    "tar": tars.read,
    "parquet": tables.read_parquet,
    "arrow": tables.read_arrow,
}
TARS = (".tar", ".tgz", ".gz")
TABLES = (".parquet", ".arrow")


def read(piece: Piece) -> Recordings:
    """Yield the recordings of a piece in order; RecipeError for a file that has changed since."""
    if piece.place:
        check_seal(piece.place, piece.seals[0])
    for number, found in enumerate(READERS[piece.kind](piece)):
        if not piece.place:
            check_seal(found.entry.path, piece.seals[number])
        yield found


def cut(source: str | os.PathLike[str], size: int | None = None) -> Iterator[Piece]:
    """Yield the pieces of a source, always the same ones for the same source.

    source: a folder of recordings, of tars or of tables; one tar or table; a manifest (.jsonl); or
    a text file with a path or an address in each line. size: recordings in a piece, where each is
    a file of its own. RecipeError for anything else, and for two recordings of one id.
    """
    place = os.fspath(source)
    if is_address(place):
        return _listed([place], "", size)
    if os.path.isdir(place):
        return _of_folder(place, size)
    if not os.path.exists(place):
        raise FileNotFoundError(f"{place} is neither a folder nor a file")
    if ending_of(place) in (*TARS, *TABLES):
        return _held([place])
    if ending_of(place) in (".jsonl", ".json"):
        return of_files(_apart(files.of_manifest(place), place), size)
    lines = Path(place).read_text(encoding="utf-8-sig").splitlines()
    return _listed([line.strip() for line in lines if line.strip()], os.path.dirname(place), size)


def _of_folder(folder: str, size: int | None) -> Iterator[Piece]:
    entries = _apart(files.of_folder(folder), folder)
    if entries:
        return of_files(entries, size)
    held = search(folder, (*TARS, *TABLES)).files
    if not held:
        raise RecipeError(f"{folder} holds no recordings, tars or tables")
    return _held([os.path.abspath(path) for path in held])


def _held(places: Sequence[str]) -> Iterator[Piece]:
    if all(ending_of(place) in TABLES for place in places):
        return tables.pieces(places)
    if all(ending_of(place) in TARS for place in places):
        return of_holders("tar", places)
    raise RecipeError(f"{places[0]} and its like are tars and tables; give one kind of them")


def _listed(places: list[str], base: str, size: int | None) -> Iterator[Piece]:
    if not places:
        raise RecipeError("the list names no recordings")
    if all(ending_of(place) in (*TARS, *TABLES) for place in places):
        return _held([p if is_address(p) else os.path.join(base, p) for p in places])
    wrong = [place for place in places if ending_of(place.partition("?")[0]) not in READABLE]
    if wrong:
        raise RecipeError(
            f"{wrong[0][:80]} is not a recording, tar or table; one stands in each line"
        )
    return of_files(_apart(files.of_list(places, base), base or "the list"), size)


def _apart(entries: Iterator[Entry], source: str) -> list[Entry]:
    """Return entries no two of which have the same id; RecipeError names those that have."""
    known: dict[str, Entry] = {}
    for entry in entries:
        if (other := known.setdefault(entry.id, entry)) is not entry:
            raise RecipeError(
                f"{source}: {other.path} and {entry.path} both have the id {entry.id}; name them "
                'apart, or list them in a manifest whose rows have an "id"'
            )
    return list(known.values())
