"""One track while it is read: what its records said so far, and its chunks decoded by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import FormatError, TokenError
from ..coder.tables import TableSet
from ..values import AudioTokens
from . import chunk, short_chunk
from .coding_model import CodingModel, ModelName, model_for
from .records import DamagedRecord, Record, RecordKind
from .track import Track


@dataclass
class TrackState:
    """One track while it is read: its tables, model, item sides, and how far reading has come."""

    track: Track
    tables: TableSet | bytes | None = None  # or the name of those that come with vocable
    model: ModelName | None = None
    item_sides: dict[str, np.ndarray] | None = None
    frames: int = 0
    live_frames: int = 0  # how far the last live record says that the stream has come
    samples: int | None = None  # of the source, where a live record states them
    ended: bool = False  # a chunk that ends inside a unit may only be followed by short segments

    def decode(self, records: Sequence[Record], *, lenient: bool = False) -> list[AudioTokens]:
        """Return the tokens of chunks, `together` of them at most, in their order."""
        by_model = [record for record in records if self._is_by_model(record)]
        found = {}
        if by_model:
            payloads = [record.payload for record in by_model]
            tokens = chunk.decode_by(self._coding_model(), self.track, payloads)
            found = {record.offset: each for record, each in zip(by_model, tokens, strict=True)}
        return [
            found[record.offset] if record.offset in found else self._decode(record, lenient)
            for record in records
        ]

    def together(self, record: Record) -> int:
        """Return how many chunks from this one on are decoded in about the time of one."""
        if not self._is_by_model(record):
            return 1
        return self._coding_model().streams // self.track.streams

    def _is_by_model(self, record: Record) -> bool:
        whole = record.kind != RecordKind.SHORT
        return whole and self.model is not None and chunk.is_by_model(self.track, record.payload)

    def _coding_model(self) -> CodingModel:
        """Return the track's model; ModelError if it is not at hand."""
        assert self.model is not None, "a chunk is coded by a model where a record names it"
        model = model_for(self.model)
        try:
            model.check(self.track)
        except TokenError as error:
            raise FormatError(str(error)) from error
        return model

    def _decode(self, record: Record, lenient: bool) -> AudioTokens:
        if self.item_sides is None and self.track.spec.item_sides:
            raise DamagedRecord(
                f"the chunk at byte {record.offset} comes before the sides of its track"
            )
        if record.kind == RecordKind.SHORT:
            return short_chunk.decode(self.track, record.payload, self.item_sides or {})
        tables = self.tables
        if isinstance(tables, bytes):
            tables = self.track.tables_named(tables)
        if tables is None and lenient:  # their record may be what is lost
            tables = self.track.shipped_tables
        return chunk.decode(self.track, record.payload, tables, self.item_sides or {})
