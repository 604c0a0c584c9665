"""See what a WAV header promises, since libsndfile silently corrects it to what is there."""

from __future__ import annotations

import contextlib
import struct

from .source import BinaryFile

UNKNOWN = 0x7FFFF000  # a data size from here up was written before the length was known


def stated_samples(place: str | BinaryFile) -> int | None:
    """Return the samples per channel that a plain WAV header states.

    None for other files, and for headers written to a pipe, which state no true size.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(place, str):
            return _walk(stack.enter_context(open(place, "rb")))
        place.seek(0)
        stack.callback(place.seek, 0)
        return _walk(place)


def _walk(file: BinaryFile) -> int | None:
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    bytes_per_sample = 0
    while len(chunk := file.read(8)) == 8:
        kind, size = struct.unpack("<4sI", chunk)
        if kind == b"data":
            known = bytes_per_sample > 0 and size < UNKNOWN
            return size // bytes_per_sample if known else None
        if kind == b"fmt ":
            tag, _, _, _, bytes_per_sample = struct.unpack("<HHIIH", file.read(14).ljust(14, b"\0"))
            if tag not in (1, 3, 0xFFFE):  # only PCM and float have one block per sample
                return None
            size -= 14
        file.seek(size + (size & 1), 1)
    return None
