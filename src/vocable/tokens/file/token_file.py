"""Open a token file on disk: read it whole, chunk by chunk, or from the middle."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from types import TracebackType
from typing import NoReturn

from ...errors import FormatError, TokenError
from ..edit import join
from ..parts import Source
from ..values import AudioTokens
from .chunk import read_shape
from .closing import SIZE_BYTES, Closing, decode
from .reader import IncompleteWarning, assemble, check_totals, read_start, source_of
from .records import CRC_BYTES, Damage, Kind, Record, read_record
from .scan import Gap, Run, recover_runs, scan_runs
from .streams import Seekable, name_of, opened, whole
from .track import Track
from .walk import Walk


class TokenFile:
    """The tracks of a token file, and their tokens wherever they are asked for.

        with TokenFile("speech.vcb") as file:
            file.read()                  # all tokens
            file[750:1500]               # these frames; only their chunks are read
            for tokens in file.chunks(): # bounded memory

    path        a path, "-" for stdin, or an open binary file
    recover     read what is left of a damaged file; `gaps` lists what is lost

    `complete` says whether the file was closed. Without a closing record it opens with a warning
    and holds what came before. Raises FormatError for a file that is damaged, hostile, newer, or
    no token file at all.
    """

    def __init__(self, path: str | os.PathLike[str] | Seekable, *, recover: bool = False) -> None:
        self.name = name_of(path)
        self._file, self._owned = opened(path)
        try:
            with self._named():
                self._open(recover)
        except BaseException:
            self.close()
            raise

    def _open(self, recover: bool) -> None:
        self.size = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        self._id, self._header, self._start = read_start(self._file)
        self.tracks: dict[str, Track] = dict(self._header.tracks)
        self.gaps: tuple[Gap, ...] = ()
        self._lenient = recover
        self._last: Record | None = None  # the closing record, where it was found from the end
        found = None if recover else self._trailer()
        if found is not None:
            self._last = found
            self._closing: Closing | None = decode(found.payload, len(self.tracks))
            self._runs = self._indexed(self._closing, found.at)
        else:
            self._search(recover)
        self._known = self._walk_start()

    @property
    def complete(self) -> bool:
        """Whether the file was closed and nothing of it is lost."""
        return self._closing is not None and not self.gaps

    def frames(self, track: str | None = None) -> int:
        """Base frames that are in the file: those of the source, if it is known."""
        number = self._number(track)
        source, spec = self.source(track), list(self.tracks.values())[number].spec
        if source is not None:
            return spec.frames(spec.samples(source))
        return sum(run.frames[number] for run in self._runs)

    def source(self, track: str | None = None) -> Source | None:
        """Return what was encoded, if the closing record says so and nothing is lost."""
        name = list(self.tracks)[self._number(track)]
        return source_of(self._known, name) if self.complete else None

    def read(self, track: str | None = None) -> AudioTokens:
        """Return all tokens of a track, every byte of the file checked."""
        name = list(self.tracks)[self._number(track)]
        parts = list(self.chunks(track))
        items = self._known.rows[name].items or {}
        with self._named():
            return assemble(self.tracks[name], parts, items, self.source(name))

    def chunks(self, track: str | None = None) -> Iterator[AudioTokens]:
        """Give the tokens of a track chunk by chunk, without a source; all records are checked."""
        number = self._number(track)
        walk = Walk(self._header, lenient=self._lenient)
        for run in self._runs:
            frames = [0] * len(self.tracks)
            for record in self._records(run, walk):
                if record.kind != Kind.CHUNK:
                    if any(run.frames):
                        raise FormatError(
                            f"{self.name}: the index hides a record without frames "
                            f"at byte {record.at}"
                        )
                    continue
                with self._named(walk):
                    frames[record.track] += walk.place(record).frames
                    tokens = walk.tokens(record).tokens if record.track == number else None
                if tokens is not None:
                    yield tokens
            if tuple(frames) != run.frames:
                raise FormatError(
                    f"{self.name}: the index counts {run.frames} frames at byte "
                    f"{run.at}, {tuple(frames)} are there"
                )
        self._end(walk)

    def __getitem__(self, key: slice) -> AudioTokens:
        """Return frames `start` to `stop` of the only track; see `cut`."""
        if not isinstance(key, slice) or key.step not in (None, 1):
            raise TokenError(f"a file is read in frames by file[start:stop], got [{key!r}]")
        start, stop, _ = key.indices(max(self.frames(), self._stop(0) if self.gaps else 0))
        return self.cut(start, stop)

    def cut(self, start: int, stop: int, track: str | None = None) -> AudioTokens:
        """Return frames `start` to `stop` of a track; only the chunks that hold them are read.

        Frames are counted in the recording, lost ones too. TokenError for a cut inside a token of
        a coarse level or inside a segment, FormatError if some of the frames are lost.
        """
        number = self._number(track)
        if start < stop == self.frames(track) and not self.gaps:
            stop = self._stop(number)  # the end of the last token, which may lie after the sound
        row = list(self._known.rows.values())[number]
        parts = [c for c in self._between(number, start, stop) if c[0] < stop]
        begin = parts[0][0] if parts else start
        with self._named():
            if start >= stop:
                return assemble(row.track, [], row.items or {}, None)
            ends = [begin, *accumulate((t.frames for _, t in parts), initial=begin)][1:]
            gapless = [at for at, _ in parts] == ends[:-1] and begin <= start
            if not gapless or ends[-1] < stop:
                self._lost(start, stop)
        tokens = parts[0][1] if len(parts) == 1 else join(*(t for _, t in parts))
        return tokens[start - begin : stop - begin]

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owned:
            self._file.close()

    def __enter__(self) -> TokenFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _number(self, track: str | None) -> int:
        names = list(self.tracks)
        if track is None and len(names) == 1:
            return 0
        if track not in names:
            raise TokenError(
                f"{self.name}: track must be one of {', '.join(map(repr, names))}, got {track!r}"
            )
        return names.index(track)

    def _stop(self, number: int) -> int:
        ends = [run.starts[number] + run.frames[number] for run in self._runs if run.frames[number]]
        return ends[-1] if ends else 0

    def _between(self, number: int, start: int, stop: int) -> Iterator[tuple[int, AudioTokens]]:
        """Give the chunks that reach into the frames from `start` to `stop`, with their place."""
        name = list(self.tracks)[number]
        for run in self._runs:
            first = run.starts[number]
            if not run.frames[number] or first >= stop or first + run.frames[number] <= start:
                continue
            for record in self._records(run, None):
                if record.kind != Kind.CHUNK or record.track != number:
                    continue
                with self._named():
                    shape = read_shape(self.tracks[name], record.payload)
                    inside = shape.start < stop and shape.start + shape.frames > start
                    tokens = self._known.tokens(record).tokens if inside else None
                if tokens is not None:
                    yield shape.start, tokens
                elif shape.start >= stop:
                    return

    def _lost(self, start: int, stop: int) -> NoReturn:
        raise FormatError(f"frames {start} to {stop} are not all in the file")

    def _records(self, run: Run, walk: Walk | None) -> Iterator[Record]:
        """Read the records of a run; those that may be skipped are only checked."""
        at = run.at
        while at < run.at + run.size:
            with self._named(walk):
                self._file.seek(at)
                record = read_record(self._file, self._id, at)
                if record is None or at + record.size > run.at + run.size:
                    raise Damage(f"the index is wrong at byte {at}")
                at += record.size
                wanted = walk is None or walk.order(record)
                if walk is not None and wanted and record.kind != Kind.CHUNK:
                    walk.note(record)
            if wanted:
                yield record

    def _trailer(self) -> Record | None:
        """Return the closing record, found from the end of the file; None if there is none."""
        self._file.seek(max(0, self.size - SIZE_BYTES - CRC_BYTES))
        claimed = int.from_bytes(self._file.read(SIZE_BYTES), "little")
        at = self.size - claimed
        if claimed == 0 or at < self._start:
            return None
        self._file.seek(at)
        try:
            record = read_record(self._file, self._id, at)
        except FormatError:
            return None
        closes = record is not None and record.kind == Kind.CLOSING and record.size == claimed
        return record if closes else None

    def _indexed(self, closing: Closing, end: int) -> tuple[Run, ...]:
        runs, at = [], self._start
        starts = (0,) * len(self.tracks)
        for entry in closing.entries:
            runs.append(Run(at, entry.size, starts, entry.frames))
            at += entry.size
            starts = tuple(a + b for a, b in zip(starts, entry.frames, strict=True))
        if at != end:
            raise FormatError(f"the index ends at byte {at}, the closing record begins at {end}")
        return tuple(runs)

    def _search(self, recover: bool) -> None:
        """Find the records without an index; warn about what is not there."""
        search = recover_runs if recover else scan_runs
        with whole(self._file) as data:
            found = search(data, self._id, self._header, self._start)
        self._runs, self._closing, self.gaps = found.runs, found.closing, found.gaps
        if found.problem:
            warnings.warn(IncompleteWarning(f"{self.name}: {found.problem}"), stacklevel=5)

    def _walk_start(self) -> Walk:
        """Read the records that hold no frames: tables, sides."""
        walk = Walk(self._header, lenient=True)
        for run in self._runs:
            if not any(run.frames):
                for record in self._records(run, walk):
                    if record.kind == Kind.CHUNK:
                        raise FormatError(f"the index hides a chunk at byte {record.at}")
        walk.closing, walk.lenient = self._closing, self._lenient
        return walk

    def _end(self, walk: Walk) -> None:
        walk.closing = self._closing
        if self._last is not None:
            with self._named():
                walk.order(self._last)
                walk.note(self._last)
                check_totals(walk)

    @contextmanager
    def _named(self, walk: Walk | None = None) -> Iterator[None]:
        """Say in errors which file it is, and from when on it is lost."""
        try:
            yield
        except FormatError as error:
            rest = ""
            if walk is not None:
                seconds = max(r.track.spec.seconds(r.frames) for r in walk.rows.values())
                rest = (
                    f"; audio from {float(seconds):.2f} s on is lost, "
                    "read with recover=True for the rest"
                )
            raise FormatError(f"{self.name}: {error}{rest}") from error
