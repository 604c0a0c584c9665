"""Raw PCM on stdin and stdout: interleaved 16-bit integers or 32-bit floats, little-endian."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vocable.binary_streams import LiveReadable, Writable

log = logging.getLogger("vocable")

Samples = npt.NDArray[np.float32]  # [channels, samples] within about ±1

DTYPES: dict[str, np.dtype[Any]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}

_FULL_SCALE = 2.0**15  # of s16le
_READ_SIZE = 2**16  # bytes at most per read; a pipe gives what it has


@dataclass(frozen=True)
class PcmFormat:
    """What bare samples are: a key of DTYPES, Hz, channels."""

    form: str
    rate: int
    channels: int


def read_blocks(source: LiveReadable, sample_format: str, channels: int) -> Iterator[Samples]:
    """Yield samples as they arrive; an incomplete last one is left out, with a warning."""
    sample_size = channels * DTYPES[sample_format].itemsize
    rest = b""
    while data := source.read1(_READ_SIZE):
        data = rest + data
        complete = len(data) - len(data) % sample_size
        rest = data[complete:]
        if complete:
            yield _to_float(np.frombuffer(data[:complete], DTYPES[sample_format]), channels)
    if rest:
        log.warning("stdin ends inside a sample; its %d bytes are left out", len(rest))


def _to_float(values: npt.NDArray[np.generic], channels: int) -> Samples:
    rows = values.astype(np.float32).reshape(-1, channels).T
    return rows / np.float32(_FULL_SCALE) if values.dtype.kind == "i" else rows


class PcmWriter:
    """Writes blocks of samples and flushes each; counts samples that 16 bits clip."""

    def __init__(self, target: Writable, sample_format: str) -> None:
        self.clipped = 0
        self._target = target
        self._sample_format = sample_format

    def write(self, block: Samples) -> None:
        """Write `[channels, samples]`."""
        rows = np.ascontiguousarray(block.T)
        if self._sample_format == "s16le":
            self.clipped += int(np.count_nonzero(np.abs(rows) > 1))
            rows = np.clip(np.round(rows * _FULL_SCALE), -(2**15), 2**15 - 1)
        self._target.write(rows.astype(DTYPES[self._sample_format]).tobytes())
        self._target.flush()

    def close(self) -> None:
        """Warn how many samples were clipped."""
        if self.clipped:
            log.warning("stdout: %d samples beyond ±1 were clipped", self.clipped)
