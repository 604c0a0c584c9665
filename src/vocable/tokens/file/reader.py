"""Read a token file record by record, as it comes through a pipe."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...errors import FormatError, TokenError
from ..parts import Source
from ..values import AudioTokens
from .records import (
    PREAMBLE_BYTES,
    Kind,
    exactly,
    read_preamble,
    read_record,
)
from .streams import Readable
from .track import Header, Track
from .walk import Walk


class IncompleteWarning(UserWarning):
    """A token file has no end, or has lost something; what is there was read."""


class TokenReader:
    """Give the tokens of a stream chunk by chunk, each as soon as it is whole.

        for track, tokens in TokenReader(sys.stdin.buffer):
            ...

    `tracks` is known at once; `complete` and `source` once the iteration has ended. Raises
    FormatError at the first byte that is not as written; warns if the stream ends without a
    closing record.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._id, header, self._at = read_start(stream)
        self._walk = Walk(header)
        self.tracks = dict(header.tracks)

    def __iter__(self) -> Iterator[tuple[str, AudioTokens]]:
        while (record := read_record(self._stream, self._id, self._at)) is not None:
            self._at += record.size
            if self.complete:
                raise FormatError(f"{record.size} bytes or more follow the closing record")
            if not self._walk.order(record):
                continue
            if record.kind == Kind.CHUNK:
                self._walk.place(record)
                yield self._walk.name(record), self._walk.tokens(record).tokens
            else:
                self._walk.note(record)
        self._end()

    @property
    def complete(self) -> bool:
        """Whether the closing record has come."""
        return self._walk.closing is not None

    def source(self, track: str = "") -> Source | None:
        """Return what was encoded, once the closing record has come, if it says so."""
        return source_of(self._walk, track)

    def _end(self) -> None:
        if not self.complete:
            warnings.warn(
                IncompleteWarning(
                    "the tokens end without a closing record: the stream was broken off"
                ),
                stacklevel=3,
            )
        else:
            check_totals(self._walk)


def read_start(stream: Readable) -> tuple[bytes, Header, int]:
    """Return the file's id, its header, and the byte at which its other records begin."""
    file_id = read_preamble(exactly(stream, PREAMBLE_BYTES, 0, short=True))
    record = read_record(stream, file_id, PREAMBLE_BYTES)
    if record is None or record.kind != Kind.HEADER or record.sequence or record.track:
        raise FormatError("the file does not begin with a header; nothing of it can be read")
    return file_id, Header.from_bytes(record.payload), PREAMBLE_BYTES + record.size


def source_of(walk: Walk, name: str) -> Source | None:
    """Return the source of a track from the closing record, None while it is not known."""
    if walk.closing is None:
        return None
    samples = walk.closing.samples[list(walk.rows).index(name)]
    return None if samples is None else walk.rows[name].track.source(samples)


def check_totals(walk: Walk) -> None:
    """Check that the closing record counts the frames that came, and that they fit the samples."""
    assert walk.closing is not None
    for (name, row), frames in zip(walk.rows.items(), walk.closing.frames, strict=True):
        if row.frames != frames:
            raise FormatError(f"the closing record counts {frames} frames, {row.frames} came")
        source = source_of(walk, name)
        if source is not None and not row.track.fits(source.samples, frames):
            raise FormatError(
                f"{source.samples} samples at {source.rate} Hz are not {frames} "
                f"frames of {row.track.spec.name}"
            )


def assemble(
    track: Track, parts: Sequence[AudioTokens], items: dict[str, np.ndarray], source: Source | None
) -> AudioTokens:
    """Join the chunks of a track to tokens with their source."""
    parts = parts if source else _joinable(track, parts)
    missing = [s.name for s in track.spec.sides if s.per == "item" and s.name not in items]
    if missing:
        raise FormatError(f"side {missing[0]} of the track is lost, and its tokens with it")
    stacks = tuple(
        np.concatenate([part.stacks[k] for part in parts], axis=1)
        if parts
        else np.zeros((track.streams, 0), np.int32)
        for k in range(track.levels)
    )
    sides: dict[str, Any] = dict(items)
    for side in track.spec.sides:
        if side.per == "segment":
            empty = np.zeros((track.streams, 0, *side.shape), side.dtype)
            sides[side.name] = np.concatenate([empty, *(p.sides[side.name] for p in parts)], axis=1)
    durations = None
    if track.durations:
        lasting = [part.durations for part in parts if part.durations is not None]
        durations = np.concatenate([np.zeros(0, np.int64), *lasting])
    try:
        return AudioTokens(track.spec, stacks, sides, durations, source)
    except TokenError as error:
        raise FormatError(str(error)) from error


def _joinable(track: Track, parts: Sequence[AudioTokens]) -> Sequence[AudioTokens]:
    """Leave out what follows a short segment: without samples, only the last may be short."""
    if track.spec.segment is None:
        return parts
    short = [k for k, part in enumerate(parts) if part.frames % track.unit]
    kept = parts[: short[0] + 1] if short else parts
    if len(kept) < len(parts):
        left = sum(part.frames for part in parts[len(kept) :])
        warnings.warn(
            IncompleteWarning(
                f"{left} frames after a short segment are left out: where "
                "they lie is not known without the samples"
            ),
            stacklevel=4,
        )
    return kept
