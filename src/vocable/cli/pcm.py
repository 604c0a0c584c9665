"""Bare samples on stdin and stdout: interleaved 16-bit integers or 32-bit floats, little-endian."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from vocable.binary_streams import LiveReadable, Writable

log = logging.getLogger("vocable")

Samples = npt.NDArray[np.float32]  # [channels, samples] within about ±1

TYPES: dict[str, np.dtype[Any]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}
_FULL_SCALE = 2.0**15  # of s16le
_MOST = 2**16  # bytes that one read takes; a pipe gives less, and at once


def read_blocks(source: LiveReadable, form: str, channels: int) -> Iterator[Samples]:
    """Yield samples as they arrive; a sample that the end cuts off is left out, with a warning."""
    size = channels * TYPES[form].itemsize
    rest = b""
    while data := source.read1(_MOST):
        data = rest + data
        whole = len(data) - len(data) % size
        rest = data[whole:]
        if whole:
            yield _to_float(np.frombuffer(data[:whole], TYPES[form]), channels)
    if rest:
        log.warning("stdin ends inside a sample; its %d bytes are left out", len(rest))


def _to_float(values: npt.NDArray[np.generic], channels: int) -> Samples:
    rows = values.astype(np.float32).reshape(-1, channels).T
    return rows / np.float32(_FULL_SCALE) if values.dtype.kind == "i" else rows


class PcmWriter:
    """Writes samples as they come, flushing each block; clipped ones are counted for 16 bits."""

    def __init__(self, target: Writable, form: str) -> None:
        self.clipped = 0
        self._target = target
        self._form = form

    def write(self, block: Samples) -> None:
        """Write `[channels, samples]`."""
        rows = np.ascontiguousarray(block.T)
        if self._form == "s16le":
            self.clipped += int(np.count_nonzero(np.abs(rows) > 1))
            rows = np.clip(np.round(rows * _FULL_SCALE), -(2**15), 2**15 - 1)
        self._target.write(rows.astype(TYPES[self._form]).tobytes())
        self._target.flush()

    def close(self) -> None:
        """Say how much was clipped."""
        if self.clipped:
            log.warning("stdout: %d samples beyond ±1 were clipped", self.clipped)
