"""Gather tokens into chunks: as long as wanted, no longer than may be, cut where they may be."""

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
from .limits import MAX_FRAMES, MAX_PAYLOAD, MAX_SYMBOLS
from .track import Track


class Row:
    """One track on its way into a file: what is gathered, and how far it has come."""

    def __init__(
        self, number: int, track: Track, seconds: int | float | Fraction, tables: TableSet | None
    ) -> None:
        self.number = number
        self.track = track
        self.tables = tables
        self.most = _most_frames(track)
        wanted = int(Fraction(seconds) * track.spec.frame_rate)
        self.length = max(track.unit, min(self.most, wanted // track.unit * track.unit))
        self.gathers = wanted > 0
        self.frames = 0
        self.begun = False
        self.samples: int | None = None
        self.items: dict[str, np.ndarray] = {}
        self._waiting: list[AudioTokens] = []

    def check(self, tokens: AudioTokens) -> None:
        """Refuse tokens of another kind than the track's."""
        wanted = (self.track.spec, self.track.levels, self.track.streams, self.track.durations)
        came = (tokens.spec, tokens.levels, tokens.streams, tokens.durations is not None)
        if wanted != came:
            raise TokenError(f"the track holds {_describe(*wanted)}, got {_describe(*came)}")
        if self.samples is not None:
            raise TokenError("a whole recording was written; nothing can follow in its track")
        for name, values in self.items.items():
            if tokens.sides[name].tobytes() != values.tobytes():
                raise TokenError(f"side {name} holds for the whole track and must not change")

    def begin(self, tokens: AudioTokens) -> None:
        """Take the sides that hold for the whole track from its first tokens."""
        names = [side.name for side in self.track.spec.sides if side.per == "item"]
        self.items = {name: tokens.sides[name] for name in names}
        self.begun = True

    def add(self, tokens: AudioTokens) -> Iterator[AudioTokens]:
        """Take tokens in; give back the pieces that are ready to be chunks."""
        whole = all(n % self.track.unit == 0 for n in tokens.segments)
        if not self.gathers or not (whole or self.track.durations):
            yield from self.rest()
            yield from self._pieces(tokens, self.length if self.gathers else self.most)
        elif tokens.frames:
            self._waiting.append(tokens)
            yield from self._ready()
        if tokens.source is not None:
            self._check_source(tokens)
            self.samples = tokens.source.samples

    def rest(self) -> Iterator[AudioTokens]:
        """Give back all that is left."""
        if self._waiting:
            waiting, self._waiting = joined(self._waiting), []
            yield from self._pieces(waiting, self.length)

    def _ready(self) -> Iterator[AudioTokens]:
        if sum(tokens.frames for tokens in self._waiting) < self.length:
            return
        *pieces, last = self._pieces(joined(self._waiting), self.length)
        if last.frames >= self.length:
            pieces.append(last)
        yield from pieces
        self._waiting = [] if last.frames >= self.length else [last]

    def _pieces(self, tokens: AudioTokens, length: int) -> Iterator[AudioTokens]:
        starts = _starts(tokens, length)
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


def _starts(tokens: AudioTokens, length: int) -> list[int]:
    """Return the frames at which chunks of at most `length` frames begin.

    Tokens with durations are not cut; a short segment ends its chunk.
    """
    if tokens.durations is None and tokens.spec.segment is None:
        return list(range(0, tokens.frames, length))
    sizes = tokens.segments if tokens.durations is None else tokens.durations.tolist()
    whole = tokens.spec.segment_frames if tokens.spec.segment is not None else 0
    starts: list[int] = []
    room, before = 0, whole
    for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False):
        if not starts or size > room or before < whole:
            starts.append(start)
            room = length
        room -= size
        before = size
    return starts


def _most_frames(track: Track) -> int:
    """Return how many frames a chunk may have, at worst bytes; TokenError if not even one unit."""
    unit, bits = track.unit, 0
    symbols = 0
    for level in track.spec.levels[: track.levels]:
        count = track.streams * -(-unit // level.stride)
        symbols += count
        bits += packed_bits(level.size, count) + 64
    for side in track.spec.sides:
        if side.per == "segment":
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
