"""Read parts of a recording, one after the other, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from vocable.audio import Audio, AudioReader
from vocable.speak.prepare.scan import mono_blocks


class Span(Protocol):
    """A part of a recording, in seconds."""

    @property
    def begin(self) -> float: ...
    @property
    def end(self) -> float: ...


def read_spans(path: Path, spans: Iterable[Span]) -> Iterator[Audio]:
    """Yield the sound of each span, all channels mixed; they come by when they begin.

    Memory is that of one span and a block, for a recording of any length.
    """
    with AudioReader(path) as reader:
        blocks, kept, start = mono_blocks(reader), np.zeros((1, 0), np.float32), 0
        for span in spans:
            first, last = round(span.begin * reader.rate), round(span.end * reader.rate)
            while True:
                passed = min(max(0, first - start), kept.shape[1])
                kept, start = kept[:, passed:], start + passed
                if start + kept.shape[1] >= last or (block := next(blocks, None)) is None:
                    break
                kept = np.concatenate([kept, block], axis=1)
            yield Audio(kept[:, first - start : last - start], reader.rate)
