"""Write token files chunk by chunk: whole recordings, and streams whose end is not known yet."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from itertools import accumulate
from types import TracebackType

from ...binary_streams import Writable
from ...errors import TokenError
from ..coder.tables import TableSet, is_shipped
from ..spec_parts import MAX_SAMPLES, check_count
from ..values import AudioTokens
from . import chunk, short_chunk
from .chunker import TrackChunker
from .coding_model import CodingModel, tracks_of
from .live_record import LiveRecord
from .record_writer import RecordWriter
from .records import RecordKind
from .track import Header, Track

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
    model           codes by its probabilities the tracks whose tokens it models, in chunks as long
                    as it sees at most; reading needs it too (`vocable.load.load_coder`)

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
        model: CodingModel | None = None,
        live: bool = False,
        overwrite: bool = False,
    ) -> None:
        header = Header({"": tracks} if isinstance(tracks, Track) else dict(tracks))
        if live:
            _check_live(header, tables, model)
            chunk_seconds = 0
        chosen = {} if tables is None else tables
        coded = set() if model is None else tracks_of(model, header.tracks)
        self._chunkers = {
            name: TrackChunker(k, track, chunk_seconds, None, model)
            if name in coded
            else TrackChunker(k, track, chunk_seconds, chosen.get(name, track.shipped_tables))
            for k, (name, track) in enumerate(header.tracks.items())
        }
        self._header, self._live_at = header, 0 if live else None
        self._short = short_chunk.codes_size_in(header) if live else 0
        self._announced: int | None = None
        self._records = RecordWriter(target, len(self._chunkers), overwrite=overwrite)
        self._write_head()
        self._records.flush()

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
                self._records.write(RecordKind.SIDES, chunker.number, sides)
        for piece in chunker.add(tokens):
            self._write_chunk(chunker, piece)
        if not chunker.buffers:
            self._write_uncoded(chunker)
        self._records.flush()

    def announce(self, samples: int) -> None:
        """State in a live stream how long the source is, before its last tokens.

        These need not be whole then: a reader plays them at once, and no further. TokenError if
        this is not a live stream.
        """
        if self._records.closed or self._live_at is None:
            raise TokenError("only a live stream that is open can announce its samples")
        check_count("samples", samples, 0, MAX_SAMPLES)
        self._announced = samples
        self._write_live()
        self._records.flush()

    def finish(self, samples: int | Mapping[str, int] | None = None) -> None:
        """Write the tokens that still wait and the trailer, and close the file.

        samples: of the source, per channel at its rate, for one track or by name; decoding then
        gives exactly these. TokenError if the frames that were written do not belong to so many.
        """
        if self._records.closed:
            return
        self._check_sides()
        given = self._by_track(samples)
        for chunker in self._chunkers.values():
            for piece in chunker.flush():
                self._write_chunk(chunker, piece)
            self._write_uncoded(chunker)
        known = [
            self._samples(chunker, given.get(name)) for name, chunker in self._chunkers.items()
        ]
        frames = tuple(chunker.frames for chunker in self._chunkers.values())
        self._records.write_trailer(tuple(known), frames)
        self._records.flush()
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is, without a trailer unless it was finished."""
        self._records.close()

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

    def _write_head(self) -> None:
        self._records.write(RecordKind.HEADER, 0, self._header.to_bytes())
        for chunker in self._chunkers.values():
            if chunker.tables is not None:
                tables = encode_tables(chunker.tables)
                self._records.write(RecordKind.TABLES, chunker.number, tables)
            if chunker.model is not None:
                name = chunker.model.name.to_bytes()
                self._records.write(RecordKind.MODEL, chunker.number, name)
        if self._live_at is not None:
            self._write_live()

    def _chunker(self, name: str) -> TrackChunker:
        if self._records.closed:
            raise TokenError("the file is closed; nothing can be written any more")
        if name not in self._chunkers:
            known = ", ".join(repr(each) for each in self._chunkers)
            raise TokenError(f"track must be one of {known}, got {name!r}")
        return self._chunkers[name]

    def _check_sides(self) -> None:
        for name, chunker in self._chunkers.items():
            if chunker.item_sides is None and chunker.track.spec.item_sides:
                self.abandon()
                raise TokenError(
                    f"track {name!r} got no tokens, and so no sides, which it must "
                    "have; write to it, empty tokens at least"
                )

    def _by_track(self, samples: int | Mapping[str, int] | None) -> Mapping[str, int | None]:
        """Return the samples that `finish` was given, or that were announced, by track."""
        if samples is None:
            samples = self._announced
        elif self._announced not in (None, samples):
            raise TokenError(f"{self._announced} samples were announced, got {samples}")
        return samples if isinstance(samples, Mapping) else {next(iter(self._chunkers)): samples}

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
        if chunker.model is None:
            payload = chunk.encode(chunker.track, chunker.frames, tokens, chunker.tables)
            self._write_payload(chunker, payload, tokens)
            return
        chunker.uncoded.append(tokens)
        if len(chunker.uncoded) >= chunker.model.streams // chunker.track.streams:
            self._write_uncoded(chunker)

    def _write_uncoded(self, chunker: TrackChunker) -> None:
        """Code the chunks that wait, by their model, and write them."""
        chunks, chunker.uncoded = chunker.uncoded, []
        if chunker.model is None or not chunks:
            return
        frames = [tokens.frames for tokens in chunks]
        starts = [chunker.frames + before for before in accumulate(frames[:-1], initial=0)]
        payloads = chunk.encode_by(chunker.model, chunker.track, starts, chunks)
        for payload, tokens in zip(payloads, chunks, strict=True):
            self._write_payload(chunker, payload, tokens)

    def _write_payload(self, chunker: TrackChunker, payload: bytes, tokens: AudioTokens) -> None:
        self._records.write(RecordKind.CHUNK, chunker.number, payload, tokens.frames)
        chunker.frames += tokens.frames

    def _write_steps(self, chunker: TrackChunker, tokens: AudioTokens) -> None:
        unit = chunker.track.unit
        for start in range(0, tokens.frames, unit):
            step = tokens[start : start + unit] if tokens.frames > unit else tokens
            data = short_chunk.encode(chunker.track, chunker.frames, step)
            self._records.write_short(data, unit)
            chunker.frames += unit

    def _write_live(self) -> None:
        """Write how far the stream has come, for readers that join here."""
        (chunker,) = self._chunkers.values()
        self._live_at = chunker.frames
        record = LiveRecord(self._records.file_id, self._announced, chunker.frames, self._header)
        self._records.write(RecordKind.LIVE, 0, record.to_bytes())


def _check_live(
    header: Header, tables: Mapping[str, TableSet | None] | None, model: CodingModel | None
) -> None:
    """Refuse what those who join late could not read."""
    if model is not None:
        raise TokenError("a live stream is not coded by a model, whose chunks come too late")
    if len(header.tracks) > 1 or any(track.durations for track in header.tracks.values()):
        raise TokenError("a live stream has one track, and no durations")
    if tables and any(t is not None and not is_shipped(t.name) for t in tables.values()):
        raise TokenError("a live stream takes only tables that ship with vocable")


def _live_every(chunker: TrackChunker) -> int:
    return max(1, int(_LIVE_SECONDS * chunker.track.spec.frame_rate))


def encode_tables(tables: TableSet) -> bytes:
    """Name tables that ship with the package, embed others."""
    return b"\0" + tables.name if is_shipped(tables.name) else b"\1" + tables.to_bytes()
