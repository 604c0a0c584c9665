"""Chunks of a track that wait to be decoded together, where a model coded them."""

from __future__ import annotations

from ..values import AudioTokens
from .record_validator import RecordValidator
from .records import Record


class Waiting:
    """Records of one track, each with its first frame."""

    def __init__(self, validator: RecordValidator) -> None:
        self._validator = validator
        self._records: list[tuple[Record, int]] = []

    def add(self, record: Record, start: int) -> list[tuple[int, AudioTokens]]:
        """Take a chunk; return those that are ready, which without a model is this one."""
        self._records.append((record, start))
        first, _ = self._records[0]
        together = self._validator.track_state(first).together(first)
        return self.decode() if len(self._records) >= together else []

    def decode(self) -> list[tuple[int, AudioTokens]]:
        """Return all that wait, each with its first frame."""
        if not self._records:
            return []
        records, starts = zip(*self._records, strict=True)
        self._records.clear()
        state = self._validator.track_state(records[0])
        found = state.decode(records, lenient=self._validator.lenient)
        return list(zip(starts, found, strict=True))
