"""Cut tokens into chunks as long as wanted, within the limits of the format."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate

import numpy as np

from ...errors import TokenError
from ..coder.pack import packed_bits
from ..coder.tables import TableSet
from ..spec import TokenSpec
from ..values import AudioTokens, joined
from .coding_model import CodingModel
from .limits import MAX_FRAMES, MAX_PAYLOAD, MAX_SYMBOLS
from .track import Track


class TrackChunker:
    """One track while it is written: what waits to become a chunk, and how far writing has come.

    seconds     length of a chunk; 0 makes each call of `add` a chunk of its own
    model       codes the chunks, in place of tables
    """

    def __init__(
        self,
        number: int,
        track: Track,
        seconds: int | float | Fraction,
        tables: TableSet | None,
        model: CodingModel | None = None,
    ) -> None:
        self.number = number
        self.track = track
        self.tables, self.model = tables, model
        self.max_frames = _max_frames(track)
        if model is not None:
            self.max_frames = min(self.max_frames, model.frames)
        wanted = int(Fraction(seconds) * track.spec.frame_rate)
        self.length = max(track.unit, min(self.max_frames, wanted // track.unit * track.unit))
        self.buffers = wanted > 0
        self.frames = 0  # written so far
        self.samples: int | None = None
        self.item_sides: dict[str, np.ndarray] | None = None  # those of the first tokens
        self.uncoded: list[AudioTokens] = []  # chunks that wait to be coded with others
        self._waiting: list[AudioTokens] = []

    def check(self, tokens: AudioTokens) -> None:
        """Refuse tokens of another kind than the track's."""
        track = self.track
        wanted = (track.levels, track.streams, track.durations)
        given = (tokens.levels, tokens.streams, tokens.durations is not None)
        if wanted != given or not track.spec.same_codes(tokens.spec):
            held, got = _describe(track.spec, *wanted), _describe(tokens.spec, *given)
            raise TokenError(f"the track holds {held}, got {got}")
        if self.samples is not None:
            raise TokenError("a whole recording was written; nothing can follow in its track")
        for name, values in (self.item_sides or {}).items():
            if tokens.sides[name].tobytes() != values.tobytes():
                raise TokenError(f"side {name} holds for the whole track and must not change")

    def add(self, tokens: AudioTokens) -> Iterator[AudioTokens]:
        """Take tokens in; give the chunks that are ready."""
        full = all(n % self.track.unit == 0 for n in tokens.segments)
        if not self.buffers or not (full or self.track.durations):
            yield from self.flush()
            yield from self._cut(tokens, self.length if self.buffers else self.max_frames)
        elif tokens.frames:
            self._waiting.append(tokens)
            yield from self._ready()
        if tokens.source is not None:
            self._check_source(tokens)
            self.samples = tokens.source.samples

    def flush(self) -> Iterator[AudioTokens]:
        """Give everything that waits."""
        if self._waiting:
            waiting, self._waiting = self._joined(), []
            yield from self._cut(waiting, self.length)

    def _ready(self) -> Iterator[AudioTokens]:
        if sum(tokens.frames for tokens in self._waiting) < self.length:
            return
        *chunks, last = self._cut(self._joined(), self.length)
        if last.frames >= self.length:
            chunks.append(last)
        yield from chunks
        self._waiting = [] if last.frames >= self.length else [last]

    def _joined(self) -> AudioTokens:
        first, *others = self._waiting
        return joined(self._waiting) if others else first

    def _cut(self, tokens: AudioTokens, length: int) -> Iterator[AudioTokens]:
        starts = _chunk_starts(tokens, length)
        if len(starts) == 1 and tokens.source is None:  # a source may end within the last token
            yield tokens
            return
        for start, stop in zip(starts, [*starts[1:], tokens.frames], strict=False):
            yield tokens[start:stop]

    def _check_source(self, tokens: AudioTokens) -> None:
        source = tokens.source
        assert source is not None
        if (source.rate, source.channels) != (self.track.rate, self.track.channels):
            raise TokenError(
                f"the track's recording is {self.track.rate} Hz × "
                f"{self.track.channels}, got {source.rate} Hz × {source.channels}"
            )


def _describe(spec: TokenSpec, levels: int, streams: int, durations: bool) -> str:
    return f"{streams} × {levels} of {spec.space}{' with durations' if durations else ''}"


def _chunk_starts(tokens: AudioTokens, length: int) -> list[int]:
    """Return the frames at which chunks of at most `length` frames begin.

    A token with a duration is not cut; a segment shorter than the others ends its chunk.
    """
    if tokens.durations is None and tokens.spec.segment is None:
        return list(range(0, tokens.frames, length))
    sizes = tokens.segments if tokens.durations is None else tokens.durations.tolist()
    full = tokens.spec.segment_frames if tokens.spec.segment is not None else 0
    starts: list[int] = []
    room, before = 0, full
    for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False):
        if not starts or size > room or before < full:
            starts.append(start)
            room = length
        room -= size
        before = size
    return starts


def _max_frames(track: Track) -> int:
    """Return how many frames a chunk may have, at worst bytes; TokenError if not even one unit."""
    unit, bits = track.unit, 0
    symbols = 0
    for level in track.spec.levels[: track.levels]:
        count = track.streams * -(-unit // level.stride)
        symbols += count
        bits += packed_bits(level.size, count) + 64
    for side in track.spec.segment_sides:
        size = np.dtype(side.dtype).itemsize * max(1, int(np.prod(side.shape)))
        bits += 8 * track.streams * size
    bits += 17 * unit if track.durations else 24
    units = min(8 * (MAX_PAYLOAD - 1024) // bits, MAX_SYMBOLS // symbols, MAX_FRAMES // unit)
    if units < 1:
        raise TokenError(
            f"{unit} frames of {track.streams} × {track.levels} of "
            f"{track.spec.name} are more than a chunk of a token file may hold"
        )
    return units * unit
