"""Open a token file on disk: read it whole, chunk by chunk, or from the middle."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from itertools import pairwise

from ...binary_streams import BinaryFile
from ...errors import FormatError, TokenError
from ...notebook import card
from ..spec_parts import Source
from ..values import AudioTokens, joined
from . import short_chunk
from .assembly import assemble
from .contents import IncompleteWarning, RecordRun, indexed_contents, naming_errors
from .opening import mapped, name_of, open_seekable
from .reader import read_header
from .record_validator import RecordValidator, chunk_header
from .records import DamagedRecord, Record, RecordKind, read_record
from .recovery import read_in_order
from .recovery import recover as recover_contents
from .track import Track
from .waiting import Waiting


class TokenFile:
    """The tracks of a token file, and their tokens wherever they are asked for.

        with TokenFile("speech.vcb") as file:
            file.read()                  # all tokens
            file[750:1500]               # these frames; only their chunks are read
            for tokens in file.chunks(): # bounded memory

    path        a path, "-" for stdin, an open binary file, or the bytes of one; a path that ends
                in .npy, .npz or .safetensors holds arrays, which are read whole
    recover     read what is left of a damaged file; `gaps` lists what is lost

    `complete` says whether the file was closed. Without a trailer it opens with a warning and holds
    what came before. Raises FormatError for a file that is damaged, hostile, newer, or not a token
    file at all; reading, ModelError for one that a model coded which is not at hand.
    """

    def __init__(
        self, path: str | os.PathLike[str] | bytes | BinaryFile, *, recover: bool = False
    ) -> None:
        self.name = name_of(path)
        self._lenient = recover
        self._cleanup = contextlib.ExitStack()
        try:
            self._file = open_seekable(path, self._cleanup)
            with naming_errors(self.name):
                self._read_contents()
                self._known = self._read_metadata()
            if self._contents.problem:
                text = f"{self.name}: {self._contents.problem}"
                warnings.warn(IncompleteWarning(text), stacklevel=3)
        except BaseException:
            self.close()
            raise

    def _read_contents(self) -> None:
        """Find the records by the index, or without one search for them."""
        self._file.seek(0)
        self._id, self._header, start = read_header(self._file)
        self._short = short_chunk.codes_size_in(self._header)
        self.tracks: dict[str, Track] = dict(self._header.tracks)
        found = None
        if not self._lenient:
            found = indexed_contents(self._file, self._id, start, len(self.tracks))
        if found is None:
            search = recover_contents if self._lenient else read_in_order
            with mapped(self._file) as data:
                found = search(data, self._id, self._header, start)
        self._contents = found
        self.gaps = found.gaps

    def _read_metadata(self) -> RecordValidator:
        """Read the records that hold no frames: tables, sides."""
        validator = RecordValidator(self._header, lenient=True)
        for run in self._contents.runs:
            if not any(run.frames):
                for record in self._records(run, validator):
                    if record.is_chunk:
                        raise FormatError(f"the index hides a chunk at byte {record.offset}")
        validator.trailer, validator.lenient = self._contents.trailer, self._lenient
        return validator

    @property
    def complete(self) -> bool:
        """Whether the file was closed and nothing of it is lost."""
        return self._contents.trailer is not None and not self.gaps

    def frames(self, track: str | None = None) -> int:
        """Base frames that are in the file: those of the source, if it is known."""
        number = self._number(track)
        source, spec = self.source(track), list(self.tracks.values())[number].spec
        if source is not None:
            return spec.frames(spec.samples(source))
        return sum(run.frames[number] for run in self._contents.runs)

    def tokens(self, track: str | None = None) -> int:
        """Tokens of each level, where all have one rate: frames, or fewer that have durations.

        Of those the chunks are read as far as their codes.
        """
        number = self._number(track)
        kind = list(self.tracks.values())[number]
        if not kind.durations:
            return self.frames(track)
        count = 0
        for run in self._contents.runs:
            for record in self._records(run, None):
                if record.is_chunk and record.track == number:
                    with naming_errors(self.name):
                        count += chunk_header(kind, record, 0).counts[0]
        return count

    def source(self, track: str | None = None) -> Source | None:
        """Return what was encoded, if the trailer says so and nothing is lost."""
        name = list(self.tracks)[self._number(track)]
        return self._known.source(name) if self.complete else None

    def model(self, track: str | None = None) -> str | None:
        """Name the model that coded a track, and without which it cannot be read."""
        found = self._known.tracks[list(self.tracks)[self._number(track)]].model
        return None if found is None else str(found)

    def read(self, track: str | None = None) -> AudioTokens:
        """Return all tokens of a track, every byte of the file checked."""
        name = list(self.tracks)[self._number(track)]
        chunks = list(self.chunks(track))
        item_sides = self._known.tracks[name].item_sides or {}
        with naming_errors(self.name):
            return assemble(self.tracks[name], chunks, item_sides, self.source(name))

    def chunks(self, track: str | None = None) -> Iterator[AudioTokens]:
        """Give the tokens of a track chunk by chunk, without a source; all records are checked."""
        number = self._number(track)
        validator = RecordValidator(self._header, lenient=self._lenient)
        waiting = Waiting(validator)
        for run in self._contents.runs:
            frames = [0] * len(self.tracks)
            for record in self._records(run, validator):
                if not record.is_chunk:
                    if any(run.frames) and record.kind != RecordKind.LIVE:
                        raise FormatError(
                            f"{self.name}: the index hides a record without frames "
                            f"at byte {record.offset}"
                        )
                    continue
                with naming_errors(self.name, validator):
                    header = validator.advance(record)
                    ready = waiting.add(record, header.start) if record.track == number else []
                frames[record.track] += header.frames
                yield from (tokens for _, tokens in ready)
            if tuple(frames) != run.frames:
                raise FormatError(
                    f"{self.name}: the index counts {run.frames} frames at byte "
                    f"{run.offset}, {tuple(frames)} are there"
                )
        with naming_errors(self.name, validator):
            ready = waiting.decode()
        yield from (tokens for _, tokens in ready)
        self._check_end(validator)

    def _check_end(self, validator: RecordValidator) -> None:
        record, trailer = self._contents.trailer_record, self._contents.trailer
        validator.trailer = trailer
        if record is not None and trailer is not None:
            with naming_errors(self.name):
                validator.accept(record)
                validator.read_metadata(record)
                validator.check_totals(trailer)

    def __getitem__(self, key: slice) -> AudioTokens:
        """Return frames `start` to `stop` of the only track; see `cut`."""
        if not isinstance(key, slice) or key.step not in (None, 1):
            raise TokenError(f"a file is read in frames by file[start:stop], got [{key!r}]")
        start, stop, _ = key.indices(max(self.frames(), self._contents.end(0) if self.gaps else 0))
        return self.cut(start, stop)

    def cut(self, start: int, stop: int, track: str | None = None) -> AudioTokens:
        """Return frames `start` to `stop` of a track; only the chunks that hold them are read.

        Frames are counted in the recording, lost ones too. TokenError for a cut inside a token of
        a coarse level or inside a segment, FormatError if some of the frames are lost.
        """
        number = self._number(track)
        name = list(self.tracks)[number]
        if start < stop == self.frames(track) and not self.gaps:
            stop = self._contents.end(number)  # coarse tokens may reach beyond the last frame
        if start >= stop:
            item_sides = self._known.tracks[name].item_sides or {}
            with naming_errors(self.name):
                return assemble(self.tracks[name], [], item_sides, None)
        chunks = list(self._chunks_between(number, start, stop))
        spans = [(begin, begin + tokens.frames) for begin, tokens in chunks]
        gapless = all(one[1] == other[0] for one, other in pairwise(spans))
        if not spans or not gapless or start < spans[0][0] or spans[-1][1] < stop:
            raise FormatError(f"{self.name}: frames {start} to {stop} are not all in the file")
        tokens = chunks[0][1] if len(chunks) == 1 else joined([tokens for _, tokens in chunks])
        return tokens[start - spans[0][0] : stop - spans[0][0]]

    def close(self) -> None:
        """Close the file, if it was opened here."""
        self._cleanup.close()

    def __enter__(self) -> TokenFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TokenFile {self.name}: {'; '.join(text for _, text in self._summaries())}>"

    def _repr_html_(self) -> str:
        end = [] if self.complete else [("end", "missing, or some of the file is lost")]
        return card("TokenFile", self.name, [*self._summaries(), *end])

    def _summaries(self) -> list[tuple[str, str]]:
        """Return what each track is called and holds, by the index alone."""
        return [
            (f"track {name}".strip(), track.summary(self.frames(name), self.source(name)))
            for name, track in self.tracks.items()
        ]

    def _number(self, track: str | None) -> int:
        names = list(self.tracks)
        if track is None and len(names) == 1:
            return 0
        if track not in names:
            raise TokenError(
                f"{self.name}: track must be one of {', '.join(map(repr, names))}, got {track!r}"
            )
        return names.index(track)

    def _chunks_between(
        self, number: int, start: int, stop: int
    ) -> Iterator[tuple[int, AudioTokens]]:
        """Give the chunks that overlap with `start` to `stop`, each with its first frame."""
        track = list(self.tracks.values())[number]
        waiting = Waiting(self._known)
        for run in self._contents.runs:
            first = run.starts[number]
            if not run.frames[number] or first >= stop or first + run.frames[number] <= start:
                continue
            for record in self._records(run, None):
                if not record.is_chunk or record.track != number:
                    continue
                with naming_errors(self.name):
                    header = chunk_header(track, record, first)
                    first = header.start + header.frames
                    inside = header.start < stop and first > start
                    ready = waiting.add(record, header.start) if inside else []
                yield from ready
                if header.start >= stop:
                    break
        with naming_errors(self.name):
            ready = waiting.decode()
        yield from ready

    def _records(self, run: RecordRun, validator: RecordValidator | None) -> Iterator[Record]:
        """Read the records of a run; the validator, if given, checks their order and metadata."""
        offset, end = run.offset, run.offset + run.size
        while offset < end:
            with naming_errors(self.name, validator):
                self._file.seek(offset)
                record = read_record(self._file, self._id, offset, self._short)
                if record is None or offset + record.size > end:
                    raise DamagedRecord(f"the index is wrong at byte {offset}")
                offset += record.size
                known = validator is None or validator.accept(record)
                if validator is not None and known and not record.is_chunk:
                    validator.read_metadata(record)
            if known:
                yield record
