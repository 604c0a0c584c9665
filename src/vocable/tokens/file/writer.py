"""Write token files chunk by chunk: whole recordings, and streams whose end is not known yet."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from fractions import Fraction
from types import TracebackType
from typing import BinaryIO

from ...atomic import check_target
from ...binary_streams import Writable
from ...errors import TokenError
from ..coder.tables import TableSet, is_shipped
from ..spec_parts import MAX_SAMPLES, check_count
from ..values import AudioTokens
from . import chunk, short_chunk
from .chunker import TrackChunker
from .limits import ENTRY_BYTES, MAX_INDEX
from .live_record import LiveRecord
from .records import ID_BYTES, RecordKind, encode_record, preamble
from .track import Header, Track
from .trailer import IndexEntry, Trailer, encode_trailer, merge_pairs

_LIVE_SECONDS = 5
_FEW = 4  # steps up to which short chunks take fewer bytes than one chunk of them all


class TokenWriter:
    """Write tokens of one or more tracks to a file that grows.

        with TokenWriter("live.vcb", Track(spec), chunk_seconds=0) as file:
            for tokens in stream:
                file.write(tokens)

    target          a path (which must be new unless `overwrite`), "-" for stdout, or an open
                    binary file
    tracks          one Track, or several by name
    live            write a stream that is heard while it grows: what `write` gets, whole frames, is
                    on its way at once, a single step in three bytes more than its codes, and every
                    5 s a record lets late readers join. One track without durations
    chunk_seconds   what is written is collected to chunks of this length; 0 makes every call of
                    `write` a chunk of its own, which is on the disk when the call returns
    tables          per track: frequencies to code by; left out, those that ship for the space

    The file's id is random, so that two files of the same tokens differ in a few bytes.
    Leaving the block closes the file. When it is left by an error, what was written so far stays
    readable, as a file without a trailer.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | Writable,
        tracks: Track | Mapping[str, Track],
        *,
        chunk_seconds: int | float | Fraction = 10,
        tables: Mapping[str, TableSet | None] | None = None,
        live: bool = False,
        overwrite: bool = False,
    ) -> None:
        header = Header({"": tracks} if isinstance(tracks, Track) else dict(tracks))
        if live:
            _check_live(header, tables)
            chunk_seconds = 0
        chosen = {} if tables is None else tables
        self._chunkers = {
            name: TrackChunker(k, track, chunk_seconds, chosen.get(name, track.shipped_tables))
            for k, (name, track) in enumerate(header.tracks.items())
        }
        self._header, self._live_at = header, 0 if live else None
        self._short = short_chunk.codes_size_in(header) if live else 0
        self._announced: int | None = None
        self._file, self._opened = _open(target, overwrite)
        self._id = os.urandom(ID_BYTES)
        self._sequence = 0
        self._entries: list[IndexEntry] = []
        self._closed = False
        self._file.write(preamble(self._id))
        self._write_record(RecordKind.HEADER, 0, header.to_bytes())
        for chunker in self._chunkers.values():
            if chunker.tables is not None:
                self._write_record(
                    RecordKind.TABLES, chunker.number, _encode_tables(chunker.tables)
                )
        if live:
            self._write_live()
        self._flush()

    def write(self, tokens: AudioTokens, track: str = "") -> None:
        """Add tokens to a track; all but the last must end where the tokens of all levels end."""
        chunker = self._chunker(track)
        chunker.check(tokens)
        if chunker.item_sides is None:
            chunker.item_sides = {
                side.name: tokens.sides[side.name] for side in tokens.spec.item_sides
            }
            if chunker.item_sides:
                sides = b"".join(map(chunk.encode_side, chunker.item_sides.values()))
                self._write_record(RecordKind.SIDES, chunker.number, sides)
        for piece in chunker.add(tokens):
            self._write_chunk(chunker, piece)
        self._flush()

    def announce(self, samples: int) -> None:
        """State in a live stream how long the source is, before its last tokens.

        These need not be whole then: a reader plays them at once, and no further. TokenError if
        this is not a live stream.
        """
        if self._closed or self._live_at is None:
            raise TokenError("only a live stream that is open can announce its samples")
        check_count("samples", samples, 0, MAX_SAMPLES)
        self._announced = samples
        self._write_live()
        self._flush()

    def finish(self, samples: int | Mapping[str, int] | None = None) -> None:
        """Write the tokens that still wait and the trailer, and close the file.

        samples: of the source, per channel at its rate, for one track or by name; decoding then
        gives exactly these. TokenError if the frames that were written do not belong to so many.
        """
        if self._closed:
            return
        for name, chunker in self._chunkers.items():
            if chunker.item_sides is None and chunker.track.spec.item_sides:
                self.abandon()
                raise TokenError(
                    f"track {name!r} got no tokens, and so no sides, which it must "
                    "have; write to it, empty tokens at least"
                )
        if samples is None:
            samples = self._announced
        elif self._announced not in (None, samples):
            raise TokenError(f"{self._announced} samples were announced, got {samples}")
        given = samples if isinstance(samples, Mapping) else {next(iter(self._chunkers)): samples}
        for chunker in self._chunkers.values():
            for piece in chunker.flush():
                self._write_chunk(chunker, piece)
        known = [
            self._samples(chunker, given.get(name)) for name, chunker in self._chunkers.items()
        ]
        frames = tuple(chunker.frames for chunker in self._chunkers.values())
        trailer = Trailer(tuple(known), frames, tuple(self._entries))
        self._write_record(RecordKind.TRAILER, 0, encode_trailer(trailer, self._sequence))
        self._flush()
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is, without a trailer unless it was finished."""
        self._closed = True
        if self._opened is not None:
            self._opened.close()

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

    def _chunker(self, name: str) -> TrackChunker:
        if self._closed:
            raise TokenError("the file is closed; nothing can be written any more")
        if name not in self._chunkers:
            known = ", ".join(repr(each) for each in self._chunkers)
            raise TokenError(f"track must be one of {known}, got {name!r}")
        return self._chunkers[name]

    def _samples(self, chunker: TrackChunker, given: int | None) -> int | None:
        samples = chunker.samples if given is None else given
        if samples is not None and not chunker.track.matches(samples, chunker.frames):
            raise TokenError(
                f"{samples} samples at {chunker.track.rate} Hz are not the {chunker.frames} "
                f"frames of {chunker.track.spec.name} that were written"
            )
        return samples

    def _write_chunk(self, chunker: TrackChunker, tokens: AudioTokens) -> None:
        if self._live_at is not None and chunker.frames - self._live_at >= _live_every(chunker):
            self._write_live()
        steps, rest = divmod(tokens.frames, chunker.track.unit)
        whole = not rest and chunker.frames % chunker.track.unit == 0
        if self._short and whole and steps <= _FEW:
            self._write_steps(chunker, tokens)
            return
        payload = chunk.encode(chunker.track, chunker.frames, tokens, chunker.tables)
        self._write_record(RecordKind.CHUNK, chunker.number, payload, tokens.frames)
        chunker.frames += tokens.frames

    def _write_steps(self, chunker: TrackChunker, tokens: AudioTokens) -> None:
        unit = chunker.track.unit
        for start in range(0, tokens.frames, unit):
            step = tokens[start : start + unit] if tokens.frames > unit else tokens
            data = short_chunk.encode(chunker.track, chunker.frames, step)
            self._file.write(data)
            self._add_to_index(IndexEntry(len(data), (unit,)))
            chunker.frames += unit

    def _write_live(self) -> None:
        """Write how far the stream has come, for readers that join here."""
        (chunker,) = self._chunkers.values()
        self._live_at = chunker.frames
        record = LiveRecord(self._id, self._announced, chunker.frames, self._header)
        self._write_record(RecordKind.LIVE, 0, record.to_bytes())

    def _write_record(self, kind: RecordKind, track: int, payload: bytes, frames: int = 0) -> None:
        data = encode_record(self._id, kind, track, self._sequence, payload)
        self._file.write(data)
        self._sequence += 1
        if kind not in (RecordKind.HEADER, RecordKind.TRAILER):
            counts = tuple(frames if k == track else 0 for k in range(len(self._chunkers)))
            self._add_to_index(IndexEntry(len(data), counts), joins=kind == RecordKind.LIVE)

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

    def _flush(self) -> None:
        self._file.flush()
        if self._opened is not None:
            with contextlib.suppress(OSError):  # a pipe or a device cannot be synced
                os.fsync(self._opened.fileno())


def _check_live(header: Header, tables: Mapping[str, TableSet | None] | None) -> None:
    """Refuse what those who join late could not read."""
    if len(header.tracks) > 1 or any(track.durations for track in header.tracks.values()):
        raise TokenError("a live stream has one track, and no durations")
    if tables and any(t is not None and not is_shipped(t.name) for t in tables.values()):
        raise TokenError("a live stream takes only tables that ship with vocable")


def _live_every(chunker: TrackChunker) -> int:
    return max(1, int(_LIVE_SECONDS * chunker.track.spec.frame_rate))


def _encode_tables(tables: TableSet) -> bytes:
    """Name tables that ship with the package, embed others."""
    return b"\0" + tables.name if is_shipped(tables.name) else b"\1" + tables.to_bytes()


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
