"""Write the records of a file one after the other: number them, and keep an index of them."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import BinaryIO

from ...atomic import check_target
from ...binary_streams import Writable
from .limits import ENTRY_BYTES, MAX_INDEX
from .records import ID_BYTES, RecordKind, encode_record, preamble
from .trailer import IndexEntry, Trailer, encode_trailer, merge_pairs


class RecordWriter:
    """A file that grows by records; it begins with its preamble.

    target, overwrite   as for `TokenWriter`
    tracks              how many tracks its records belong to
    """

    def __init__(
        self, target: str | os.PathLike[str] | Writable, tracks: int, *, overwrite: bool
    ) -> None:
        self.file_id = os.urandom(ID_BYTES)
        self.closed = False
        self._tracks = tracks
        self._sequence = 0
        self._entries: list[IndexEntry] = []
        self._file, self._opened = _open(target, overwrite)
        self._file.write(preamble(self.file_id))

    def write(self, kind: RecordKind, track: int, payload: bytes, frames: int = 0) -> None:
        """Write a record, of so many base frames if it is a chunk."""
        data = encode_record(self.file_id, kind, track, self._sequence, payload)
        self._file.write(data)
        self._sequence += 1
        if kind not in (RecordKind.HEADER, RecordKind.TRAILER):
            counts = tuple(frames if k == track else 0 for k in range(self._tracks))
            self._add_to_index(IndexEntry(len(data), counts), joins=kind == RecordKind.LIVE)

    def write_short(self, data: bytes, frames: int) -> None:
        """Write a short chunk, whose bytes are whole."""
        self._file.write(data)
        self._add_to_index(IndexEntry(len(data), (frames,)))

    def write_trailer(self, samples: tuple[int | None, ...], frames: tuple[int, ...]) -> None:
        """Write the last record: samples of the source, where known, and frames of each track."""
        trailer = Trailer(samples, frames, tuple(self._entries))
        self.write(RecordKind.TRAILER, 0, encode_trailer(trailer, self._sequence))

    def flush(self) -> None:
        """Put on the disk, or on its way, what was written."""
        self._file.flush()
        if self._opened is not None:
            with contextlib.suppress(OSError):  # a pipe or a device cannot be synced
                os.fsync(self._opened.fileno())

    def close(self) -> None:
        """Close the file, if it was opened here; nothing can be written any more."""
        self.closed = True
        if self._opened is not None:
            self._opened.close()

    def _add_to_index(self, entry: IndexEntry, joins: bool = False) -> None:
        """Add a record to the index, to the last entry while that is short.

        joins: a live record, which may lie among frames.
        """
        last = self._entries[-1] if self._entries else None
        if (last and any(last.frames) and (any(entry.frames) or joins)
                and last.size + entry.size <= ENTRY_BYTES):  # fmt: skip
            self._entries[-1] = last + entry
        else:
            self._entries.append(entry)
        if len(self._entries) > 2 * MAX_INDEX:
            self._entries = list(merge_pairs(self._entries))


def _open(
    target: str | os.PathLike[str] | Writable, overwrite: bool
) -> tuple[Writable, BinaryIO | None]:
    """Return the target, and again the file if it was opened here: it is ours to sync and close."""
    if not isinstance(target, (str, os.PathLike)):
        return target, None
    if str(target) == "-":
        return sys.stdout.buffer, None
    check_target(target, overwrite=overwrite)
    file = open(target, "wb" if os.path.exists(target) else "xb")
    return file, file
