"""What encoders of features are given: one recording or a list of them, short or long."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import numpy as np
from jaxtyping import Float32

from vocable.codecs.recording import Recording, open_recording
from vocable.errors import AudioError

Features = Float32[np.ndarray, "_ _"]  # frames, channels


def as_list(sources: Any) -> list[Any]:
    """Return several recordings as they are, and one as a list of one; samples may be a list."""
    several = isinstance(sources, list) and not (sources and isinstance(sources[0], int | float))
    return list(sources) if several else [sources]


def one_channel(
    source: Any, cleanup: ExitStack, rate: int | None, *, mix: bool, allow_loud: bool
) -> Recording:
    """Return a recording of one channel. AudioError for several, unless `mix` averages them."""
    recording = open_recording(source, cleanup, rate=rate, allow_loud=allow_loud)
    if recording.channels > 1 and not mix:
        raise AudioError(
            f"recording has {recording.channels} channels but features are of one; pass mix=True "
            "to average them, or give them one by one"
        )
    return recording.mono()


def joined(parts: Iterable[tuple[int, Features]], count: int) -> list[Features]:
    """Return the features of `count` recordings whose parts come with their numbers."""
    found = [_Rows() for _ in range(count)]
    for index, rows in parts:
        found[index].add(rows)
    return [each.whole() for each in found]


class _Rows:
    """Rows of one recording in one array that grows, so that none is held twice."""

    def __init__(self) -> None:
        self._rows = np.zeros((0, 0), np.float32)
        self._count, self._parts = 0, 0

    def add(self, rows: Features) -> None:
        """Put rows behind the others."""
        self._parts += 1
        if self._parts == 1:
            self._rows, self._count = rows, len(rows)
            return
        if self._parts == 2:
            self._rows = np.array(self._rows)  # the first was somebody else's
        count = self._count + len(rows)
        if count > len(self._rows):
            self._rows.resize((count + count // 8, rows.shape[1]), refcheck=False)
        self._rows[self._count : count] = rows
        self._count = count

    def whole(self) -> Features:
        """Return them all."""
        if len(self._rows) > self._count:
            self._rows.resize((self._count, self._rows.shape[1]), refcheck=False)
        return self._rows
