"""Recordings in tables: Parquet, and the Arrow files of `datasets`.

The sound is a column of `{"bytes", "path"}`, as `datasets` keeps it undecoded, of bytes, or of
paths. A column named id, key or __key__ names rows; without it they are FILE-ROW.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

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
    """Yield a piece for each row group of Parquet, and each Arrow file."""
    arrow()
    import pyarrow.parquet as parquet

    number = 0
    for place in places:
        parts: list[tuple[int, int] | None] = [None]
        if place.endswith(".parquet"):
            with _readable(place), opened(place) as file:
                count = parquet.ParquetFile(file).num_row_groups
            parts = [(group, group + 1) for group in range(count)]
        for part in parts:
            kind = "parquet" if part else "arrow"
            yield Piece(number, kind, place, part, seals=(seal(place),))
            number += 1


def read_parquet(piece: Piece) -> Recordings:
    """Yield the recordings of a row group."""
    import pyarrow.parquet as parquet

    assert piece.part is not None
    groups = range(*piece.part)
    with _readable(piece.place), opened(piece.place) as file:
        table = parquet.ParquetFile(file)
        first = sum(table.metadata.row_group(k).num_rows for k in range(groups.start))
        batches = table.iter_batches(_BATCH, row_groups=list(groups))
        yield from _recordings(piece.place, first, batches)


def read_arrow(piece: Piece) -> Recordings:
    """Yield the recordings of an Arrow file, as `datasets` saves them."""
    ipc = arrow().ipc
    with _readable(piece.place), opened(piece.place) as file:
        yield from _recordings(piece.place, 0, ipc.open_stream(file))


class _readable:
    """Say which file it is that Arrow cannot read."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, arrow().ArrowException):
            raise RecipeError(f"{self.place} cannot be read as a table ({error})") from error


def _recordings(place: str, first: int, batches: Iterable[Any]) -> Recordings:
    stem = os.path.splitext(os.path.basename(place))[0]
    at = first
    for batch in batches:
        names = batch.schema.names
        columns = {
            name: next((each for each in kinds if each in names), None)
            for name, kinds in (("id", NAMES), ("sound", SOUND), ("text", TEXT), ("who", SPEAKER))
        }
        if columns["sound"] is None:
            raise RecipeError(f"{place} has no column of recordings ({', '.join(SOUND)})")
        for row in batch.to_pylist():
            yield _found(row, columns, place, f"{stem}-{at}")
            at += 1


def _found(row: dict[str, Any], columns: dict[str, str | None], place: str, name: str) -> Found:
    def of(kind: str) -> str:
        column = columns[kind]
        return "" if column is None or row[column] is None else str(row[column])

    entry = Entry(of("id") or name, text=of("text"), speaker=of("who"))
    entry = replace(entry, language=str(row.get("language") or ""))
    sound = row[columns["sound"] or ""]
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
