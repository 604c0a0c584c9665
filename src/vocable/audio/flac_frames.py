"""Go on after damage in a FLAC file, at the next frame that is whole (RFC 9639, section 9.1)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from .fault import Fault
from .file_part import FilePart, Part
from .soundfile_decoder import SoundfileDecoder

log = logging.getLogger("vocable")

MAGIC = b"fLaC"
_FIRST = b"fLaC\0\0\0\x22"  # with the header of the block that comes first in every file
_INFO = slice(8, 42)  # this block
_BLOCK = 2**16  # bytes
_LONGEST_HEADER = 16  # bytes
_SMALLEST = 10  # bytes of a frame; a number that would need smaller ones is not one
_BUFFERED = 2**16  # bytes that the decoder may have read ahead of the frame it failed in


def find_another_flac(file: BinaryFile) -> int | None:
    """Return where in a FLAC file a second one begins, if one is joined to it."""
    position = 1
    while True:
        file.seek(position)
        block = file.read(2**20)
        if (found := block.find(_FIRST)) >= 0:
            return position + found
        if len(block) < len(_FIRST):
            return None
        position += max(1, len(block) - len(_FIRST) + 1)


@dataclass(frozen=True)
class _Frame:
    start: int  # position of its first byte
    sample: int  # the number of its first sample


class FlacPastDamage:
    """Decodes a FLAC file with silence in the place of frames that are damaged."""

    def __init__(self, file: BinaryFile, name: str) -> None:
        self._file, self._name = file, name
        self._end = file.seek(0, 2)
        file.seek(0)
        self._info = file.read(_INFO.stop)[_INFO]
        self._open(Part(0, self._end))
        self.rate, self.channels = self._decoder.rate, self._decoder.channels
        self.samples = self._decoder.samples
        self._position = 0  # samples returned
        self._silence = 0  # samples that are missing next
        self._failed: int | None = None  # the position where decoding has failed last
        self._damaged: int | None = None  # and that is still to be reported

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise Fault where no frame follows."""
        block = self._read_some(samples)
        while block is None:
            block = self._read_some(samples)
        if self._damaged is not None and block.shape[1]:
            text = "%s is damaged near %.2f s; there is silence in the place of what is lost"
            log.warning(text, self._name, self._damaged / self.rate)
            self._damaged = None
        self._position += block.shape[1]
        return block

    def _read_some(self, samples: int) -> np.ndarray | None:
        """Return silence or samples; None where decoding has failed and can go on."""
        if self._silence:
            block = np.zeros((self.channels, min(self._silence, samples)), np.float32)
            self._silence -= block.shape[1]
            return block
        try:
            return self._decoder.read(samples)
        except Fault:
            if self._position == self.samples or not self._go_on():
                raise
            return None

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    def _open(self, part: Part) -> None:
        self._view = FilePart(self._file, part)
        self._decoder = SoundfileDecoder(self._view)
        self._start = part.start - len(part.head)

    def _go_on(self) -> bool:
        """Open the next frame that is whole; return False if there is none."""
        begin = max(0, self._start + self._view.tell() - _BUFFERED)
        first = self._position + (self._position == self._failed)  # not there a second time
        largest = int.from_bytes(self._info[2:4])  # samples of a frame
        for frame in self._frames(begin):
            lost = frame.sample - first
            if 0 <= lost <= (frame.start - begin + _BUFFERED) // _SMALLEST * largest:
                break
        else:
            return False
        self._failed = self._damaged = self._position
        self._decoder.close()
        # The first block of the header, as the last of this one, and without a length.
        info = self._info[:13] + bytes([self._info[13] & 0xF0]) + bytes(20)
        self._open(Part(frame.start, self._end, MAGIC + b"\x80\0\0\x22" + info))
        self._silence = frame.sample - self._position
        return True

    def _frames(self, begin: int) -> Iterator[_Frame]:
        """Yield what looks like a frame's header, with its checksum."""
        for start in range(begin, self._end, _BLOCK):
            self._file.seek(start)
            data = self._file.read(_BLOCK + _LONGEST_HEADER)
            at = data.find(b"\xff")
            while 0 <= at < _BLOCK:
                sample = self._sample_of(data[at : at + _LONGEST_HEADER])
                if sample is not None and sample < (self.samples or 2**36):
                    yield _Frame(start + at, sample)
                at = data.find(b"\xff", at + 1)

    def _sample_of(self, header: bytes) -> int | None:
        """Return the number of a frame's first sample, None if this is not a frame's header."""
        if len(header) < 6 or header[1] not in (0xF8, 0xF9):
            return None
        length = 8 - (header[4] ^ 0xFF).bit_length() or 1  # of the number, coded as in UTF-8
        size = 4 + length + {6: 1, 7: 2}.get(header[2] >> 4, 0)
        size += {12: 1, 13: 2, 14: 2}.get(header[2] & 15, 0)
        if length > 7 or size >= len(header) or _crc_8(header[:size]) != header[size]:
            return None
        number = header[4] & (0x7F if length == 1 else 0x7F >> length)
        for byte in header[5 : 4 + length]:
            number = number << 6 | byte & 0x3F
        fixed = int.from_bytes(self._info[:2])
        return number if header[1] & 1 else number * fixed


def _crc_8(data: bytes) -> int:
    """Return the checksum with the polynomial x^8 + x^2 + x + 1."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ (0x107 if crc & 0x80 else 0)
    return crc
