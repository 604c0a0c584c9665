"""Find the sound in a file made of chunks: WAV, RF64, W64, AIFF, AU and CAF.

libsndfile reads what the header states, or what is there where that is less, and tells of neither.
Programs that write to a pipe, are killed or pass 4 GiB leave headers that state too little or too
much; so the sizes are looked at here.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace

from ..binary_streams import BinaryFile


@dataclass(frozen=True)
class ChunkLayout:
    """How a family of formats arranges its chunks."""

    first: int  # position of the first chunk
    header: struct.Struct  # name and size of a chunk
    data: bytes  # the name of the chunk that holds the samples
    align: int  # bytes
    counted: int = 0  # bytes of a chunk's header that its size includes
    before: int = 0  # bytes at the beginning of the data chunk that are not samples


@dataclass(frozen=True)
class SoundData:
    """Where the samples of a file are, in bytes."""

    start: int  # position of the first
    stated: int | None  # how many by the header, None where it states no size
    present: int  # how many of them are there
    beyond: int = 0  # how many follow that belong to no chunk
    another: int | None = None  # the position of a second recording, joined to the first
    mend: bool = False  # the header's size is not the one that is meant
    codec: int = 0  # WAV's number of the sample format
    samples: int | None = None  # per channel, stated apart where blocks are filled up


_RIFF = ChunkLayout(12, struct.Struct("<4sI"), b"data", align=2)
_W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_AU = ChunkLayout(4, struct.Struct(">4sI"), b"", align=1)
CHUNK_LAYOUTS = {  # by the first four bytes of a file
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"FORM": ChunkLayout(12, struct.Struct(">4sI"), b"SSND", align=2, before=8),  # AIFF, AIFF-C
    b"riff": ChunkLayout(40, struct.Struct("<16sQ"), _W64_DATA, align=8, counted=24),
    b"caff": ChunkLayout(8, struct.Struct(">4sQ"), b"data", align=1, before=4),
    b".snd": _AU,
}
ANOTHER = (*CHUNK_LAYOUTS, b"fLaC", b"OggS")  # how a recording that is joined to one may begin
WRAP = 2**32  # bytes; a size of 32 bits begins at 0 again here
# What stands for a size that is not known yet, each with room for the chunks before the samples:
# SoX's in AIFF, then what most write, 2**31 and 2**32 less something, or less nothing.
_OPEN = ((0x7F00_0000, 0x7F01_0000), (0x7FFF_0000, 0x8001_0000), (WRAP - 2**16, WRAP))
_OPEN_64_BIT = 2**62
_PLAIN = (0x01, 0x03, 0x06, 0x07, 0xFFFE)  # WAV's numbers of formats that code each sample alone


def is_open_size(size: int, bits: int = 32) -> bool:
    """Return whether a header's size stands for one that was not known when it was written.

    A program that writes to a pipe leaves 0, or more than it will ever write. Of samples that are
    there 0 may be the size, and so may the others: who can look compares them with the file.
    """
    if bits > 32:
        return size == 0 or size >= _OPEN_64_BIT
    return size == 0 or any(low <= size < high for low, high in _OPEN)


def find_sound(file: BinaryFile) -> SoundData | None:
    """Return where the samples are; None in other formats, and where no chunk holds them."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    magic = file.read(4)
    if magic == b".snd":
        start, size = struct.unpack(">II", file.read(8).ljust(8, b"\xff"))
        return _measure(file, _AU, _Header(start, size, 32), end) if start <= end else None
    if magic not in CHUNK_LAYOUTS:
        return None
    header = _find_data(file, CHUNK_LAYOUTS[magic], end)
    return None if header is None else _measure(file, CHUNK_LAYOUTS[magic], header, end)


@dataclass(frozen=True)
class _Header:
    """What the chunks before the samples say, and the header of the chunk that holds them."""

    start: int
    size: int
    bits: int  # of the size
    codec: int = 0
    samples: int | None = None


def _find_data(file: BinaryFile, layout: ChunkLayout, end: int) -> _Header | None:
    position, size_64_bit, codec, samples = layout.first, None, 0, None
    while position + layout.header.size <= end:
        file.seek(position)
        name, size = layout.header.unpack(file.read(layout.header.size))
        position += layout.header.size
        size = max(0, size - layout.counted)
        if name == layout.data:
            bits = 8 * layout.header.size - 8 * len(name)
            if size_64_bit is not None and size == 0xFFFF_FFFF:
                size, bits = size_64_bit, 64
            return _Header(position, size, bits, codec, samples)
        body = file.read(min(size, 16)).ljust(16, b"\0")
        if name == b"ds64":  # RF64 states sizes beyond 32 bits before the other chunks
            size_64_bit = int.from_bytes(body[8:], "little")
        elif name[:4] == b"fmt ":
            codec = int.from_bytes(body[:2], "little")
        elif name[:4] == b"fact" and codec not in _PLAIN:
            samples = int.from_bytes(body[: min(size, 8)], "little")
        position += size + -size % layout.align
    return None


def _measure(file: BinaryFile, layout: ChunkLayout, header: _Header, end: int) -> SoundData:
    """Compare the size in a header with the file."""
    stated, there = header.size, end - header.start
    unstated = SoundData(
        header.start, None, there, mend=there > stated, codec=header.codec, samples=header.samples
    )
    if stated in (end, end - 8):  # it counts the header in
        return unstated
    is_open = is_open_size(max(0, stated - layout.before), header.bits)
    wrapped = header.bits == 32 and there - stated >= WRAP
    if wrapped:
        stated += (there - stated) // WRAP * WRAP
    beyond, another = _after(file, layout, header.start + stated, end)
    if is_open and (beyond or stated > there):
        return unstated
    present = min(stated, there)
    reads_on = layout.data == _W64_DATA and there > present  # libsndfile takes the rest as sound
    return replace(
        unstated,
        stated=stated,
        present=present,
        beyond=beyond,
        another=another,
        mend=wrapped or reads_on,
    )


def _after(
    file: BinaryFile, layout: ChunkLayout, position: int, end: int
) -> tuple[int, int | None]:
    """Return how many bytes after the samples are in no chunk, and where another file begins."""
    odd = position + -position % layout.align
    for start in {odd, position}:
        if start < end:
            file.seek(start)
            if file.read(4) in ANOTHER:
                return 0, start
    if any(_are_chunks(file, layout, start, end) for start in (odd, position)):
        return 0, None
    return end - position, None


def _are_chunks(file: BinaryFile, layout: ChunkLayout, position: int, end: int) -> bool:
    """Return whether there is nothing but chunks up to the end (and ID3 of version 1)."""
    while position + layout.header.size <= end and layout is not _AU:
        file.seek(position)
        header = file.read(layout.header.size)
        name, size = layout.header.unpack(header)
        if header.startswith(b"TAG") and end - position == 128:
            return True
        if not all(0x20 <= byte < 0x7F for byte in name[:4]) or size < layout.counted:
            return False
        position += layout.header.size - layout.counted + size
        if position > end:
            return False
        position += -position % layout.align
    return position >= end - 1
