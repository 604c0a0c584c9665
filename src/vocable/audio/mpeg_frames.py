"""Find the recordings in an MP3 file, and which of them state their length.

MP3 has no header of its own. An encoder that can go back writes an Info frame first, which states
how many frames and bytes follow (Xing's, and LAME's with the exact number of samples); one that
writes to a pipe does not, and decoders guess from the size of the file. Files that are joined, as
pieces of speech often are, have an Info frame in the middle, and decoders stop before it.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from ..binary_streams import BinaryFile
from .file_part import Part

_KBIT = {  # bit rates in kbit/s, by MPEG 1 or 2 and layer
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz
_SYNC = re.compile(rb"\xff[\xe0-\xff]")  # how a frame begins
_VBRI = 36  # where Fraunhofer's encoder puts its header in the first frame
_SAME = 0xFFFE0C00  # bits of a frame's header that all frames of a stream share
_BLOCK = 2**16  # bytes
_TAIL = 2  # frames that may follow what an Info frame states, since some do not count themselves


@dataclass(frozen=True)
class _Info:
    """What the frame says that precedes the sound."""

    size: int  # of this frame, in bytes
    frames: int  # 0 where it does not say
    bytes: int  # with this frame; 0 where it does not say


def mpeg_parts(file: BinaryFile, start: int, end: int) -> tuple[Part, ...]:
    """Return the recordings in the bytes from `start` to `end`; none where no frame begins there.

    A recording whose Info frame states its length ends there, if frames of another one follow.
    """
    parts: list[Part] = []
    position = _skip_tags(file, start, end)
    while is_mpeg(file, position, end):
        info = _read_info(file, position)
        if info is None or not info.frames:
            begin = position + (info.size if info and not info.bytes else 0)
            parts.append(Part(begin, end, endless=True))
            break
        stop = _end_of(file, position, info, end)
        parts.append(Part(position, stop))
        position = _skip_tags(file, stop, end)
    return tuple(parts)


def is_mpeg(file: BinaryFile, position: int, end: int) -> bool:
    """Return whether a frame begins here, and one of the same stream or nothing after it."""
    header = _read(file, position, 4)
    size = frame_size(header)
    if not size or position + size > end:
        return False
    after = _skip_tags(file, position + size, end)
    return after + 4 > end or _alike(header, _read(file, after, 4))


def next_frame(file: BinaryFile, position: int, end: int) -> int | None:
    """Return where the next three frames of one stream begin, after damage or what is not MPEG."""
    for start in range(position, end, _BLOCK):
        for found in _SYNC.finditer(_read(file, start, _BLOCK + 1)):
            at = start + found.start()
            if is_mpeg(file, at, end) and _walk(file, at, end, 3) > _walk(file, at, end, 2):
                return at
    return None


def _end_of(file: BinaryFile, position: int, info: _Info, end: int) -> int:
    """Return where the recording that an Info frame begins ends, if another follows, else `end`."""
    stop = position + info.bytes
    following = _skip_tags(file, stop, end)
    if not info.bytes or (following < end and not is_mpeg(file, following, end)):
        stop = _walk(file, position, end, info.frames + 1)
        following = _skip_tags(file, stop, end)
    if following < end and not is_mpeg(file, following, end):
        stop = following = next_frame(file, following, end) or end
    if following >= end:
        return end
    if _read_info(file, following) is None and _walk(file, following, end, _TAIL) + 4 > end:
        return end
    return stop


def _walk(file: BinaryFile, position: int, end: int, frames: int) -> int:
    """Return the position after so many frames, or after the last that is whole."""
    while frames and (size := frame_size(_read(file, position, 4))) and position + size <= end:
        position, frames = position + size, frames - 1
    return position


def _alike(header: bytes, other: bytes) -> bool:
    same = int.from_bytes(header) ^ int.from_bytes(other)
    return bool(frame_size(other)) and not same & _SAME


def frame_size(header: bytes) -> int:
    """Return the bytes of the frame that begins with these, 4 at least; 0 if none begins so."""
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    kbit, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or rate == 3 or kbit in (0, 15):
        return 0  # kbit 0 is a free bit rate, whose frames have no stated size
    bits = 1000 * _KBIT[1 if version == 3 else 2, layer][kbit - 1]
    if layer == 1:
        return (12 * bits // _RATES[version][rate] + padding) * 4
    slots = 72 if layer == 3 and version != 3 else 144
    return slots * bits // _RATES[version][rate] + padding


def _read_info(file: BinaryFile, position: int) -> _Info | None:
    """Return what a frame says about the recording, None if it holds sound."""
    frame = _read(file, position, 200)
    mono, mpeg_1 = frame[3] >> 6 == 3, frame[1] >> 3 & 3 == 3
    side = 4 + ((17 if mono else 32) if mpeg_1 else (9 if mono else 17))
    size = frame_size(frame)
    for at in (side, side + 2):  # after a checksum, if there is one
        if frame[at : at + 4] in (b"Xing", b"Info"):
            flags, frames, count = struct.unpack(">III", frame[at + 4 : at + 16].ljust(12, b"\0"))
            if not flags & 1:
                frames, count = 0, frames
            return _Info(size, frames, count if flags & 2 else 0)
    return _Info(size, 0, 0) if frame[_VBRI : _VBRI + 4] == b"VBRI" else None


def _skip_tags(file: BinaryFile, position: int, end: int) -> int:
    """Return the position after tags: ID3 of both versions, APE, and zeros."""
    while position < end:
        head = _read(file, position, 32)
        if head.startswith(b"ID3") and len(head) >= 10:
            size = sum((byte & 0x7F) << 7 * (3 - i) for i, byte in enumerate(head[6:10]))
            position += 10 + size + (10 if head[5] & 0x10 else 0)
        elif head.startswith(b"TAG"):
            position += 128
        elif head.startswith(b"APETAGEX"):
            is_header = head[23] & 0x20 if len(head) == 32 else 0
            size = int.from_bytes(head[12:16], "little")  # with the footer, without the header
            position += 32 + size if is_header else 32
        elif head[0] == 0:
            zeros = _read(file, position, _BLOCK)
            position += len(zeros) - len(zeros.lstrip(b"\0"))
        else:
            break
    return min(position, end)


def _read(file: BinaryFile, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)
