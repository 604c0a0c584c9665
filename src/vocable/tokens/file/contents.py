"""Describe what a token file holds: where its records lie, and what is missing.

A file that was closed says it in its trailer, which is found from the end; others are searched
(recovery.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from os import SEEK_END

from ...binary_streams import BinaryFile
from ...errors import FormatError, ModelError
from ..coder.tables import MissingTables
from .record_validator import RecordValidator
from .records import CRC_BYTES, Record, RecordKind, read_record
from .trailer import SIZE_BYTES, Trailer, decode_trailer


class IncompleteWarning(UserWarning):
    """A token file has no trailer, or has lost something; the rest of it was read."""


@dataclass(frozen=True)
class RecordRun:
    """Records in a row: which bytes they are, and which base frames of each track they hold."""

    offset: int
    size: int
    starts: tuple[int, ...]  # of each track: its first frame in these records
    frames: tuple[int, ...]  # of each track: how many


@dataclass(frozen=True)
class Gap:
    """A part of a track that is lost, in seconds."""

    track: str
    start: Fraction
    stop: Fraction


@dataclass(frozen=True)
class Contents:
    """The records of a file, its trailer if it has one, and what is missing.

    trailer_record      the trailer's record, where the index led to it; reading ends with it
    problem             what is missing, in words; empty for a file that is whole
    """

    runs: tuple[RecordRun, ...]
    trailer: Trailer | None
    trailer_record: Record | None = None
    gaps: tuple[Gap, ...] = ()
    problem: str = ""

    def end(self, track: int) -> int:
        """Return the frame at which what is there of a track ends."""
        ends = [run.starts[track] + run.frames[track] for run in self.runs if run.frames[track]]
        return ends[-1] if ends else 0


def indexed_contents(file: BinaryFile, file_id: bytes, start: int, tracks: int) -> Contents | None:
    """Return what the trailer lists, from byte `start` of the file on; None without a trailer."""
    record = _find_trailer(file, file_id, start)
    if record is None:
        return None
    trailer = decode_trailer(record.payload, tracks)
    return Contents(_runs(trailer, start, record.offset), trailer, record)


def _find_trailer(file: BinaryFile, file_id: bytes, start: int) -> Record | None:
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - SIZE_BYTES - CRC_BYTES))
    claimed = int.from_bytes(file.read(SIZE_BYTES), "little")
    offset = size - claimed
    if claimed == 0 or offset < start:
        return None
    file.seek(offset)
    try:
        record = read_record(file, file_id, offset)
    except FormatError:
        return None
    found = record is not None and record.kind == RecordKind.TRAILER and record.size == claimed
    return record if found else None


def _runs(trailer: Trailer, start: int, end: int) -> tuple[RecordRun, ...]:
    runs, offset = [], start
    starts = (0,) * len(trailer.frames)
    for entry in trailer.entries:
        runs.append(RecordRun(offset, entry.size, starts, entry.frames))
        offset += entry.size
        starts = tuple(a + b for a, b in zip(starts, entry.frames, strict=True))
    if offset != end:
        raise FormatError(f"the index ends at byte {offset}, the trailer begins at {end}")
    return tuple(runs)


@contextlib.contextmanager
def naming_errors(name: str, validator: RecordValidator | None = None) -> Iterator[None]:
    """Say in errors which file it is and, with a validator, from when on it is lost."""
    try:
        yield
    except (ModelError, MissingTables) as error:
        raise type(error)(f"{name}: {error}") from error
    except FormatError as error:
        if str(error).startswith(f"{name}: "):
            raise
        lost = ""
        if validator is not None:
            lost = (
                f"; audio from {float(validator.seconds):.2f} s on is lost, "
                "read with recover=True for the rest"
            )
        raise FormatError(f"{name}: {error}{lost}") from error
