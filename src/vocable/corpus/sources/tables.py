"""Recordings in tables: Parquet, and the Arrow files of `datasets`.

The sound is a column of `{"bytes", "path"}`, as `datasets` keeps it undecoded, of bytes, or of
paths. A column named id, key or __key__ names rows; without it they are FILE-ROW.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from vocable.corpus.addresses import fetched, is_address, opened
from vocable.corpus.entry import Entry, Found, Recordings
from vocable.corpus.pieces import Piece, seal
from vocable.errors import RecipeError

SOUND = ("audio", "sound", "file", "path", "bytes")
NAMES = ("id", "key", "__key__", "utt_id", "segment_id")
TEXT = ("text", "transcript", "transcription", "sentence")
SPEAKER = ("speaker", "speaker_id", "client_id")
_BATCH = 64  # rows that are read at once


def arrow() -> Any:
    """Return pyarrow, or say how to get it."""
    try:
        import pyarrow
    except ImportError as error:
        raise RecipeError('tables need pyarrow: pip install "vocable[corpus]"') from error
    return pyarrow


def pieces(places: Iterable[str]) -> Iterator[Piece]:
    """Yield a piece for each row group of Parquet, and each Arrow file.

    RecipeError for a table that cannot be read, or has no column of recordings.
    """
    arrow()
    number = 0
    for place in places:
        parts: list[tuple[int, int] | None] = [None]
        if place.endswith(".parquet"):
            parts = [(group, group + 1) for group in range(_groups(place))]
        for part in parts:
            kind = "parquet" if part else "arrow"
            yield Piece(number, kind, place, part, seals=(seal(place),))
            number += 1


def _groups(place: str) -> int:
    from pyarrow.parquet import ParquetFile

    try:
        with opened(place) as file:
            table = ParquetFile(file)
            _column(table.schema_arrow.names, place)
            return int(table.num_row_groups)
    except (OSError, arrow().ArrowException) as error:
        raise RecipeError(f"{place} cannot be read as a table ({error})") from error


def read_parquet(piece: Piece) -> Recordings:
    """Yield the recordings of a row group; what follows a fault of the table is lost, and said."""
    return _guarded(piece, _of_parquet)


def read_arrow(piece: Piece) -> Recordings:
    """Yield the recordings of an Arrow file, as `datasets` saves them; faults as of Parquet."""
    return _guarded(piece, _of_arrow)


def _guarded(piece: Piece, read: Callable[[Piece, BinaryIO], Recordings]) -> Recordings:
    where = piece.place if piece.part is None else f"{piece.place}, row group {piece.part[0]},"
    try:
        with opened(piece.place) as file:
            yield from read(piece, file)
    except (OSError, arrow().ArrowException) as error:
        yield Found(Entry(piece.place), fault=f"{where} cannot be read to its end ({error})")


def _of_parquet(piece: Piece, file: BinaryIO) -> Recordings:
    from pyarrow.parquet import ParquetFile

    assert piece.part is not None
    groups, table = range(*piece.part), ParquetFile(file)
    first = sum(table.metadata.row_group(k).num_rows for k in range(groups.start))
    batches = table.iter_batches(_BATCH, row_groups=list(groups))
    return _recordings(piece.place, first, batches)


def _of_arrow(piece: Piece, file: BinaryIO) -> Recordings:
    return _recordings(piece.place, 0, arrow().ipc.open_stream(file))


def _recordings(place: str, first: int, batches: Iterable[Any]) -> Recordings:
    stem, at = os.path.splitext(os.path.basename(place))[0], first
    for batch in batches:
        columns = _Columns(batch.schema.names, place)
        for row in batch.to_pylist():
            yield _found(row, columns, place, f"{stem}-{at}")
            at += 1


def _column(names: list[str], place: str) -> str:
    found = next((name for name in SOUND if name in names), None)
    if found is None:
        raise RecipeError(f"{place} has no column of recordings ({', '.join(SOUND)})")
    return found


class _Columns:
    """Which columns of a table say what."""

    def __init__(self, names: list[str], place: str) -> None:
        self.sound = _column(names, place)
        self._kinds = {
            kind: next((name for name in known if name in names), "")
            for kind, known in (("id", NAMES), ("text", TEXT), ("speaker", SPEAKER))
        }

    def of(self, kind: str, row: dict[str, Any]) -> str:
        """Return what a row says, empty where it says nothing."""
        value = row.get(self._kinds.get(kind, kind))
        return "" if value is None else str(value)


def _found(row: dict[str, Any], columns: _Columns, place: str, name: str) -> Found:
    text, speaker, language = (columns.of(k, row) for k in ("text", "speaker", "language"))
    entry = Entry(columns.of("id", row) or name, text=text, speaker=speaker, language=language)
    sound = row[columns.sound]
    if isinstance(sound, dict):
        sound = sound.get("bytes") or sound.get("path")
    if isinstance(sound, str):
        return _at(entry, sound, place)
    return Found(entry, sound) if sound else Found(entry, fault=f"{entry.id} has no sound")


def _at(entry: Entry, path: str, table: str) -> Found:
    """Return a recording that a table names by its path, seen from the table's folder."""
    try:
        if is_address(path):
            return Found(entry, fetched(path))
        return Found(entry, os.path.join(os.path.dirname(table), path))
    except OSError as error:
        return Found(entry, fault=f"{path} cannot be fetched ({error})")
