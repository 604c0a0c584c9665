"""Decode recordings that are joined in one file, and files that need a head of our making."""

from __future__ import annotations

import logging

import numpy as np
from jaxtyping import Float32

from ..binary_streams import BinaryFile
from ..errors import AudioError
from .decoders import Decoder, open_decoder
from .fault import Fault
from .file_part import FilePart, Part
from .mpeg_frames import is_mpeg, next_frame
from .soundfile_decoder import SoundfileDecoder

log = logging.getLogger("vocable")

_HEADER = 4  # bytes of an MPEG frame, which its decoder reads before it stops


class PartsDecoder:
    """Decodes parts of a file one after the other, as one recording."""

    def __init__(
        self, file: BinaryFile, parts: tuple[Part, ...], name: str, *, recover: bool
    ) -> None:
        """Open every part once: all must have the rate and the channels of the first.

        With `recover` an MP3 file is read on after damage, with a warning.
        """
        self._file, self._parts, self._name = file, list(parts), name
        self._recover = recover
        self._next = 0  # the part that is opened next
        self._fault: Fault | None = None  # to be raised when the samples before it are read
        self._decoder: Decoder | None = None
        lengths: list[int | None] = []
        for number in range(len(parts)):
            decoder = self._open(number)
            if number == 0:
                self.rate, self.channels = decoder.rate, decoder.channels
            self._check_same(decoder, number)
            lengths.append(decoder.samples)
            decoder.close()
        known = [length for length in lengths if length is not None]
        self.samples: int | None = sum(known) if len(known) == len(lengths) else None

    def read(self, samples: int) -> Float32[np.ndarray, "channels samples"]:
        """Return the next samples, none at the end; raise Fault where decoding fails.

        What was decoded before the fault is returned first.
        """
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        blocks, missing = [np.zeros((self.channels, 0), np.float32)], samples
        try:
            while missing and (block := self._read_some(missing)) is not None:
                blocks.append(block)
                missing -= block.shape[1]
        except Fault as fault:
            if len(blocks) == 1:
                raise
            self._fault = fault
        return np.concatenate(blocks, axis=1)

    def close(self) -> None:
        """Close the part that is open."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def _read_some(self, samples: int) -> np.ndarray | None:
        """Return samples of the open part, or of the next; None after the last."""
        if self._decoder is None:
            if self._next == len(self._parts):
                return None
            self._decoder = self._open(self._next)
            self._next += 1
        part = self._parts[self._next - 1]
        try:
            block = self._decoder.read(samples)
        except Fault:
            if not self._pass_over(part, self._decoder):
                raise
            block = np.zeros((self.channels, 0), np.float32)
        if block.shape[1] == 0:
            self._check_end(part)
            self.close()
        return block

    def _pass_over(self, part: Part, decoder: Decoder) -> bool:
        """Pass over what is not MPEG audio: at the end of a file, or with `recover` anywhere."""
        if not isinstance(decoder, SoundfileDecoder) or not decoder.is_mpeg:
            return False
        following = next_frame(self._file, part.start + self._view.tell(), part.end)
        if following is None:
            log.warning("%s ends with what is not a whole frame, and left out", self._name)
            return True
        if self._recover:
            log.warning("%s is damaged before byte %d; going on there", self._name, following)
            self._parts.insert(self._next, Part(following, part.end, endless=True))
        return self._recover

    def _check_end(self, part: Part) -> None:
        """Raise Fault if frames follow: the MP3 decoder stops where they are of another kind."""
        at = part.start + self._view.tell() - _HEADER
        if part.endless and is_mpeg(self._file, at, part.end):
            raise Fault("the rate or the number of channels changes")

    def _open(self, number: int) -> Decoder:
        self._view = FilePart(self._file, self._parts[number])
        return open_decoder(self._view, self._name)

    def _check_same(self, decoder: Decoder, number: int) -> None:
        if (decoder.rate, decoder.channels) != (self.rate, self.channels):
            raise AudioError(
                f"{self._name} is joined from recordings of {_kind(self.rate, self.channels)} and "
                f"(number {number + 1} of {len(self._parts)}) of "
                f"{_kind(decoder.rate, decoder.channels)}; convert them first"
            )


def _kind(rate: int, channels: int) -> str:
    return f"{rate} Hz, {channels} channel{'s' * (channels != 1)}"
