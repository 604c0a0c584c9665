"""Find out how much audio a file's header states, to notice that a file was cut short.

libsndfile does not tell: where the header states more than is there, it reports what is there.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..binary_streams import BinaryFile


@dataclass(frozen=True)
class DataLength:
    """The length of a file's audio data, in bytes."""

    stated: int  # by the header
    present: int  # in the file


@dataclass(frozen=True)
class ChunkLayout:
    """How a family of formats arranges its chunks."""

    first: int  # position of the first chunk
    header: struct.Struct  # name and size of a chunk
    data: bytes  # the name of the chunk that holds the samples
    align: int  # bytes
    counted: int = 0  # bytes of a chunk's header that its size includes


_RIFF = ChunkLayout(12, struct.Struct("<4sI"), b"data", align=2)
_W64_DATA = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
CHUNK_LAYOUTS = {  # by the first four bytes of a file
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"FORM": ChunkLayout(12, struct.Struct(">4sI"), b"SSND", align=2),  # AIFF and AIFF-C
    b"riff": ChunkLayout(40, struct.Struct("<16sQ"), _W64_DATA, align=8, counted=24),
    b"caff": ChunkLayout(8, struct.Struct(">4sQ"), b"data", align=1),
}
# A program that writes to a pipe does not know the size yet, and states one from here up.
UNKNOWN, UNKNOWN_64_BIT = 0x7F00_0000, 2**62
_OGG_PAGE = struct.Struct("<4s22xB")  # magic and number of segments
_LARGEST_OGG_PAGE = _OGG_PAGE.size + 255 + 255 * 255


def data_length(file: str | BinaryFile) -> DataLength | None:
    """Return how many bytes of audio data a header states, and how many are there.

    Reads WAV, RF64, W64, AIFF, AU and CAF. None for other formats, and where no size is stated.
    """
    with _opened(file) as opened:
        end = opened.seek(0, os.SEEK_END)
        opened.seek(0)
        magic = opened.read(4)
        if magic == b".snd":
            start, size = struct.unpack(">II", opened.read(8).ljust(8, b"\xff"))
            found = (start, size) if size < UNKNOWN else None
        elif magic in CHUNK_LAYOUTS:
            found = _find_data(opened, CHUNK_LAYOUTS[magic], end)
        else:
            found = None
    if found is None:
        return None
    start, size = found
    return DataLength(stated=size, present=min(size, max(0, end - start)))


def ends_inside_ogg_page(file: str | BinaryFile) -> bool:
    """Return whether an Ogg file ends inside a page (its headers state no length).

    Whether the last page is marked as the last does not matter: phones write files without it.
    """
    with _opened(file) as opened:
        if opened.read(4) != b"OggS":
            return False
        end = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, end - _LARGEST_OGG_PAGE))
        tail = opened.read(_LARGEST_OGG_PAGE)
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < _OGG_PAGE.size:
        return True
    _, segments = _OGG_PAGE.unpack_from(page)
    size = _OGG_PAGE.size + segments + sum(page[_OGG_PAGE.size : _OGG_PAGE.size + segments])
    return len(page) < size or page[size:] in (b"O", b"Og", b"Ogg")


@contextlib.contextmanager
def _opened(file: str | BinaryFile) -> Iterator[BinaryFile]:
    """Open a path; or take an open file at its start, and rewind it afterwards."""
    if isinstance(file, str):
        with open(file, "rb") as opened:
            yield opened
    else:
        file.seek(0)
        yield file
        file.seek(0)


def _find_data(file: BinaryFile, layout: ChunkLayout, end: int) -> tuple[int, int] | None:
    """Return position and stated size of the chunk with the samples, None without a size."""
    position, size_64_bit = layout.first, 0
    while position + layout.header.size <= end:
        file.seek(position)
        name, size = layout.header.unpack(file.read(layout.header.size))
        position += layout.header.size
        size = max(0, size - layout.counted)
        if name == b"ds64":  # RF64 states sizes beyond 32 bits before the other chunks
            _, size_64_bit = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))
        if name == layout.data:
            unknown = UNKNOWN if layout.header.size == 8 else UNKNOWN_64_BIT
            if size_64_bit and size == 0xFFFF_FFFF:
                size, unknown = size_64_bit, UNKNOWN_64_BIT
            return (position, size) if size < unknown else None
        position += size + -size % layout.align
    return None
