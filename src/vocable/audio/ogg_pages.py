"""Go through the pages of an Ogg file: where its links begin, and whether it ends inside a page.

A file may hold one recording after the other, each a link of a chain (RFC 3533, section 4). Radio
stations write such files, and so does who joins two. Decoders stop after the first link.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from ..binary_streams import BinaryFile
from .file_part import Part

MAGIC = b"OggS"
_PAGE = struct.Struct("<4sxB20xB")  # magic, flags, number of segments
_BEGINS = 2  # the flag of the first page of a stream
_LARGEST_PAGE = _PAGE.size + 255 + 255 * 255


@dataclass(frozen=True)
class OggPages:
    """What the pages of an Ogg file tell."""

    links: tuple[Part, ...]
    ends_inside_page: bool  # the last page is cut; that none is marked as last does not matter


def read_pages(file: BinaryFile) -> OggPages:
    """Go through an Ogg file; damaged places are passed over."""
    end = file.seek(0, os.SEEK_END)
    starts, begun, cut, position = [0], True, False, 0
    while position < end and not cut:
        file.seek(position)
        header = file.read(_PAGE.size + 255)
        if not header.startswith(MAGIC[: len(header)]):
            position = _next_page(file, position, end)
            continue
        if (size := _page_size(header)) is None or position + size > end:
            cut = True
        elif header[5] & _BEGINS:
            if not begun:  # several streams of one link begin together
                starts.append(position)
            begun = True
        else:
            begun = False
        position += size or 0
    links = tuple(Part(*edges) for edges in zip(starts, [*starts[1:], end], strict=True))
    return OggPages(links, cut)


def _page_size(header: bytes) -> int | None:
    if len(header) < _PAGE.size:
        return None
    segments = _PAGE.unpack_from(header)[2]
    table = header[_PAGE.size : _PAGE.size + segments]
    return _PAGE.size + segments + sum(table) if len(table) == segments else None


def _next_page(file: BinaryFile, position: int, end: int) -> int:
    """Return where the next page begins, after damage."""
    while position < end:
        file.seek(position + 1)
        found = file.read(_LARGEST_PAGE).find(MAGIC)
        if found >= 0:
            return position + 1 + found
        position += _LARGEST_PAGE - len(MAGIC)
    return end
