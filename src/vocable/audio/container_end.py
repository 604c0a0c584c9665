"""Notice that a WebM, MKV or MP4 is cut, which FFmpeg does not tell."""

from __future__ import annotations

import os
import struct
from typing import Any

from ..binary_streams import BinaryFile

EBML, SEGMENT = bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067")
HEADER = 4096  # bytes that hold the EBML header and the start of the segment
_BOX = struct.Struct(">I4s")  # size and name


def lacking_bytes(file: BinaryFile) -> int:
    """Return how many bytes a WebM or MKV (RFC 8794, RFC 9559) has less than its header states.

    0 where it is whole or states none, and for other formats.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(HEADER)
    if not start.startswith(EBML):
        return 0
    size, at = _size(start, len(EBML))
    at += size or 0
    if start[at : at + len(SEGMENT)] != SEGMENT:
        return 0
    size, at = _size(start, at + len(SEGMENT))
    return 0 if size is None else max(0, at + size - end)


def _size(data: bytes, at: int) -> tuple[int | None, int]:
    """Return the size of an element, None if unknown, and the position behind it."""
    width = 9 - data[at].bit_length() if at < len(data) else 9
    if width > 8:
        return None, at
    largest = (1 << 7 * width) - 1
    size = int.from_bytes(data[at : at + width], "big") & largest
    return None if size == largest else size, at + width


def lacks_index(file: BinaryFile) -> bool:
    """Return whether an MP4 (ISO/IEC 14496-12) ends before its index, the box `moov`."""
    end = file.seek(0, os.SEEK_END)
    at, whole = 0, []
    while at + _BOX.size <= end:
        file.seek(at)
        size, name = _BOX.unpack(file.read(_BOX.size))
        if size == 1:  # stated in 64 bits behind the name
            size = int.from_bytes(file.read(8), "big")
        if size < _BOX.size or at + size > end:
            break
        whole.append(name)
        at += size
    return whole[:1] == [b"ftyp"] and b"moov" not in whole


def stated_seconds(stream: Any) -> float:
    """Return the duration that writers of Matroska leave in a stream's tags, 0 if none."""
    try:
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return 0.0
