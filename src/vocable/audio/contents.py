"""Look at the bytes of a file before a decoder does: which parts it has, and what is wrong."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..binary_streams import BinaryFile
from .chunk_heads import head_for
from .chunks import SoundData, find_sound
from .file_part import Part
from .flac_frames import MAGIC as FLAC
from .mpeg_frames import mpeg_parts
from .ogg_pages import MAGIC as OGG
from .ogg_pages import read_pages

_MPEG = (0x50, 0x55)  # WAV's numbers of layers I and II, and of layer III
_LARGEST_BLOCK = 2**13  # samples; compressed WAV fills its last block up


@dataclass(frozen=True)
class Contents:
    """What the bytes of a file say that it holds."""

    parts: tuple[Part, ...] = ()  # recordings in it, as far as they were found
    sound: SoundData | None = None  # where a file of chunks has its samples
    samples: int | None = None  # per channel, where the last block is filled up
    ends_inside_page: bool = False
    is_flac: bool = False
    loses_sound: bool = False  # a decoder believes a header that is wrong and cannot be mended

    @property
    def is_plain(self) -> bool:
        """Whether a decoder reads the file itself rightly, which is also faster."""
        return not self.parts or (len(self.parts) == 1 and self.parts[0].is_plain)

    def length(self, decoded: int | None) -> int | None:
        """Return the samples per channel, where the decoder says `decoded`."""
        if not self.samples or decoded is None:
            return decoded
        return self.samples if 0 < decoded - self.samples < _LARGEST_BLOCK else decoded


def look(file: BinaryFile, *, recover: bool = False) -> Contents:
    """Look at a file; with `recover`, what follows the stated size belongs to the sound."""
    file.seek(0)
    magic = file.read(4)
    if magic == FLAC:
        return Contents(is_flac=True)
    if magic == OGG:
        pages = read_pages(file)
        return Contents(pages.links, ends_inside_page=pages.ends_inside_page)
    sound = find_sound(file)
    if sound is None:
        return Contents(mpeg_parts(file, 0, file.seek(0, os.SEEK_END)))
    taken = sound.present + (sound.beyond if recover else 0)
    samples = sound.samples if sound.stated == taken else None
    if sound.codec in _MPEG:
        return Contents(mpeg_parts(file, sound.start, sound.start + taken), sound, samples)
    if not (sound.mend or taken > sound.present):
        return Contents((), sound, samples)
    head = head_for(file, sound, taken)
    if head is None:
        return Contents((), sound, samples, loses_sound=True)
    return Contents((Part(sound.start, sound.start + taken, head),), sound, samples)
