"""Write token files chunk by chunk: whole recordings, and streams that nobody knows the end of."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from fractions import Fraction
from types import TracebackType

from ...atomic import check_target
from ...errors import TokenError
from ..coder.tables import TableSet, is_shipped
from ..values import AudioTokens
from . import chunk
from .closing import Closing, Entry, encode, halved
from .gather import Row
from .limits import ENTRY_BYTES, MAX_INDEX
from .records import ID_BYTES, Kind, preamble, record
from .streams import Writable
from .track import Header, Track


class TokenWriter:
    """Write tokens of one or more tracks to a file that grows.

        with TokenWriter("live.vcb", Track(spec), chunk_seconds=0) as file:
            for tokens in stream:
                file.write(tokens)

    target          a path (which must be new unless `overwrite`), "-" for stdout, or an open
                    binary file
    tracks          one Track, or several by name
    chunk_seconds   what is written is gathered to chunks of this length; 0 makes every call of
                    `write` a chunk of its own, which is on the disk when the call returns
    tables          per track: frequencies to code by; left out, those that ship for the space

    Leaving the block closes the file. When it is left by an error, what was written so far stays
    readable, as a file without an end.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | Writable,
        tracks: Track | Mapping[str, Track],
        *,
        chunk_seconds: int | float | Fraction = 10,
        tables: Mapping[str, TableSet | None] | None = None,
        overwrite: bool = False,
    ) -> None:
        header = Header({"": tracks} if isinstance(tracks, Track) else dict(tracks))
        chosen = {} if tables is None else tables
        self._rows = {
            name: Row(k, track, chunk_seconds, chosen.get(name, track.shipped_tables))
            for k, (name, track) in enumerate(header.tracks.items())
        }
        self._file, self._owned = _opened(target, overwrite)
        self._id = os.urandom(ID_BYTES)
        self._sequence = 0
        self._entries: list[Entry] = []
        self._closed = False
        self._file.write(preamble(self._id))
        self._put(Kind.HEADER, 0, header.to_bytes())
        for row in self._rows.values():
            if row.tables is not None:
                self._put(Kind.TABLES, row.number, _spell_tables(row.tables))
        self._flush()

    def write(self, tokens: AudioTokens, track: str = "") -> None:
        """Add tokens to a track; all but the last must end where the tokens of all levels end."""
        row = self._row(track)
        row.check(tokens)
        if not row.begun:
            row.begin(tokens)
            if row.items:
                self._put(Kind.SIDES, row.number, b"".join(map(chunk.raw, row.items.values())))
        for piece in row.add(tokens):
            self._chunk(row, piece)
        self._flush()

    def finish(self, samples: int | Mapping[str, int] | None = None) -> None:
        """Write what is gathered and the closing record, and close the file.

        samples: of the source, per channel at its rate, for one track or by name; decoding then
        gives exactly these. TokenError if the frames that were written do not belong to so many.
        """
        if self._closed:
            return
        for name, row in self._rows.items():
            if not row.begun and any(side.per == "item" for side in row.track.spec.sides):
                self.abandon()
                raise TokenError(
                    f"track {name!r} got no tokens, and so no sides, which it must "
                    "have; write to it, empty tokens at least"
                )
        given = samples if isinstance(samples, Mapping) else {next(iter(self._rows)): samples}
        for row in self._rows.values():
            for piece in row.rest():
                self._chunk(row, piece)
        known = [self._samples(name, row, given.get(name)) for name, row in self._rows.items()]
        frames = tuple(row.frames for row in self._rows.values())
        closing = Closing(tuple(known), frames, tuple(self._entries))
        self._put(Kind.CLOSING, 0, encode(closing, self._sequence))
        self._flush()
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is, without a closing record unless it was finished."""
        self._closed = True
        if self._owned:
            self._file.close()

    def __enter__(self) -> TokenWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self.abandon()

    def _row(self, name: str) -> Row:
        if self._closed:
            raise TokenError("the file is closed; nothing can be written any more")
        if name not in self._rows:
            known = ", ".join(repr(each) for each in self._rows)
            raise TokenError(f"track must be one of {known}, got {name!r}")
        return self._rows[name]

    def _samples(self, name: str, row: Row, given: int | None) -> int | None:
        samples = row.samples if given is None else given
        if samples is not None and not row.track.fits(samples, row.frames):
            raise TokenError(
                f"{samples} samples at {row.track.rate} Hz are not the {row.frames} "
                f"frames of {row.track.spec.name} that were written"
            )
        return samples

    def _chunk(self, row: Row, tokens: AudioTokens) -> None:
        payload = chunk.encode(row.track, row.frames, tokens, row.tables)
        self._put(Kind.CHUNK, row.number, payload, tokens.frames)
        row.frames += tokens.frames

    def _put(self, kind: Kind, number: int, payload: bytes, frames: int = 0) -> None:
        data = record(self._id, kind, number, self._sequence, payload)
        self._file.write(data)
        self._sequence += 1
        if kind not in (Kind.HEADER, Kind.CLOSING):
            counts = tuple(frames if k == number else 0 for k in range(len(self._rows)))
            self._index(Entry(len(data), counts))

    def _index(self, entry: Entry) -> None:
        """Add a record to the index, to the last entry while that is short."""
        last = self._entries[-1] if self._entries else None
        if (last and any(last.frames) and any(entry.frames)
                and last.size + entry.size <= ENTRY_BYTES):  # fmt: skip
            self._entries[-1] = last + entry
        else:
            self._entries.append(entry)
        if len(self._entries) > 2 * MAX_INDEX:
            self._entries = list(halved(self._entries))

    def _flush(self) -> None:
        self._file.flush()
        if self._owned:
            with contextlib.suppress(OSError):  # a pipe or a device cannot be synced
                os.fsync(self._file.fileno())


def _spell_tables(tables: TableSet) -> bytes:
    """Name tables that ship with the package, embed others."""
    return b"\0" + tables.name if is_shipped(tables.name) else b"\1" + tables.to_bytes()


def _opened(target: str | os.PathLike[str] | Writable, overwrite: bool) -> tuple[Writable, bool]:
    """Open the target; the second value says whether the file is ours to sync and to close."""
    if not isinstance(target, (str, os.PathLike)):
        return target, False
    if str(target) == "-":
        return sys.stdout.buffer, False
    check_target(target, overwrite=overwrite)
    return open(target, "wb" if os.path.exists(target) else "xb"), True
