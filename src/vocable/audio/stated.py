"""See how much sound a file promises, since libsndfile silently corrects that to what is there."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..binary_streams import BinaryFile


@dataclass(frozen=True)
class Chunks:
    """How files of one family lay out their chunks."""

    start: int  # of the first one
    head: struct.Struct  # of each: its name and size
    sound: bytes  # the name of the one with the samples
    align: int
    counted: int = 0  # bytes of the head that the size counts


_RIFF = Chunks(12, struct.Struct("<4sI"), b"data", align=2)
_W64_SOUND = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
FAMILIES = {
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"FORM": Chunks(12, struct.Struct(">4sI"), b"SSND", align=2),  # AIFF and AIFF-C
    b"riff": Chunks(40, struct.Struct("<16sQ"), _W64_SOUND, align=8, counted=24),
    b"caff": Chunks(8, struct.Struct(">4sQ"), b"data", align=1),
}
# A size from here up was written to a pipe, before it was known.
UNKNOWN, UNKNOWN_LONG = 0x7F00_0000, 2**62
_PAGE = struct.Struct("<4s22xB")  # of Ogg: its magic, and how many segments it has
_LARGEST_PAGE = _PAGE.size + 255 + 255 * 255


def stated_bytes(place: str | BinaryFile) -> tuple[int, int] | None:
    """Return how many bytes of sound a header states, and how many of them are there.

    Knows WAV, RF64, W64, AIFF, AU and CAF. None for other files, and where no size is stated.
    """
    with _opened(place) as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        magic = file.read(4)
        if magic == b".snd":
            start, size = struct.unpack(">II", file.read(8).ljust(8, b"\xff"))
            found = (start, size) if size < UNKNOWN else None
        else:
            found = _walk(file, FAMILIES[magic], end) if magic in FAMILIES else None
    return (found[1], min(found[1], max(0, end - found[0]))) if found else None


def ends_inside_page(place: str | BinaryFile) -> bool:
    """Say whether an Ogg file breaks off inside its last page; no header states its length.

    A last page without the mark of the end is none of our business: phones write such files.
    """
    with _opened(place) as file:
        if file.read(4) != b"OggS":
            return False
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - _LARGEST_PAGE))
        tail = file.read(_LARGEST_PAGE)
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < _PAGE.size:
        return True
    _, segments = _PAGE.unpack_from(page)
    size = _PAGE.size + segments + sum(page[_PAGE.size : _PAGE.size + segments])
    return len(page) < size or page[size:] in (b"O", b"Og", b"Ogg")


@contextlib.contextmanager
def _opened(place: str | BinaryFile) -> Iterator[BinaryFile]:
    """Open a path, or take an open file from its start and leave it there."""
    if isinstance(place, str):
        with open(place, "rb") as file:
            yield file
    else:
        place.seek(0)
        yield place
        place.seek(0)


def _walk(file: BinaryFile, chunks: Chunks, end: int) -> tuple[int, int] | None:
    """Return where the samples of a file start, and the size that is stated for them."""
    at, long_size = chunks.start, 0
    while at + chunks.head.size <= end:
        file.seek(at)
        name, size = chunks.head.unpack(file.read(chunks.head.size))
        at += chunks.head.size
        size = max(0, size - chunks.counted)
        if name == b"ds64":  # RF64 states sizes beyond 32 bits ahead of the chunks
            _, long_size = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))
        if name == chunks.sound:
            unknown = UNKNOWN if chunks.head.size == 8 else UNKNOWN_LONG
            if long_size and size == 0xFFFF_FFFF:
                size, unknown = long_size, UNKNOWN_LONG
            return (at, size) if size < unknown else None
        at += size + -size % chunks.align
    return None
