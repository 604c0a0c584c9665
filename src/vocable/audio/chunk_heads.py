"""Make the bytes before a file's samples state another size, for a decoder that believes them."""

from __future__ import annotations

import struct

from ..binary_streams import BinaryFile
from .chunks import CHUNK_LAYOUTS, WRAP, SoundData

_LARGEST = 2**24  # bytes; pictures may precede the samples


def head_for(file: BinaryFile, sound: SoundData, size: int) -> bytes | None:
    """Return a file's bytes before its samples, changed to state `size`; None if it cannot."""
    if sound.start > _LARGEST:
        return None
    file.seek(0)
    head = file.read(sound.start)
    if head.startswith(b".snd"):
        return head[:8] + b"\xff" * 4 + head[12:]  # to the end of the file
    if head.startswith((b"RIFF", b"RF64")):
        return _riff_head(head, size)
    layout = CHUNK_LAYOUTS[head[:4]]
    name, _ = layout.header.unpack(head[-layout.header.size :])
    if layout.header.size == 8 and size >= WRAP:
        return None
    return head[: -layout.header.size] + layout.header.pack(name, size + layout.counted)


def _riff_head(head: bytes, size: int) -> bytes:
    if size < WRAP and head.startswith(b"RIFF"):
        return head[:-4] + struct.pack("<I", size)
    chunks, position = b"", 12
    while position < len(head) - 8:
        name, length = struct.unpack_from("<4sI", head, position)
        following = position + 8 + length + length % 2
        chunks += b"" if name == b"ds64" else head[position:following]
        position = following
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, len(head) + size, size, 0, 0)
    whole = struct.pack("<4sI4s", b"RF64", 0xFFFF_FFFF, b"WAVE") + sizes + chunks
    return whole + struct.pack("<4sI", b"data", 0xFFFF_FFFF)
